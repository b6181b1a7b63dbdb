package io.fullbore.backend.cuda;

import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/**
 * A mark in a stream, set by {@link CudaStream#record}. Before the first time it counts as reached.
 * Owned by its context.
 */
final class CudaEvent implements CudaContext.Resource {
  private final CudaContext context;
  private final CUevent handle = new CUevent();

  CudaEvent(CudaContext context, boolean timing) {
    this.context = context;
    int flags = timing ? CUevent_flags.CU_EVENT_DEFAULT : CUevent_flags.CU_EVENT_DISABLE_TIMING;
    context.check(JCudaDriver.cuEventCreate(handle, flags), "cuEventCreate", "");
  }

  CUevent handle() {
    return handle;
  }

  /** Whether the device has come to the mark. */
  boolean isReached() {
    int result = JCudaDriver.cuEventQuery(handle);
    if (result == CUresult.CUDA_ERROR_NOT_READY) {
      return false;
    }
    context.check(result, "cuEventQuery", "");
    return true;
  }

  /**
   * Waits until the device has come to the mark.
   *
   * @throws CudaException when the work before it failed
   */
  void synchronize() {
    context.check(JCudaDriver.cuEventSynchronize(handle), "cuEventSynchronize", "");
  }

  /** Milliseconds since {@code start}, which like this is a timer that has been reached. */
  float elapsedMs(CudaEvent start) {
    float[] elapsedMs = new float[1];
    context.check(
        JCudaDriver.cuEventElapsedTime(elapsedMs, start.handle, handle), "cuEventElapsedTime", "");
    return elapsedMs[0];
  }

  @Override
  public void close() {
    if (context.disown(this)) {
      context.checkFreed(JCudaDriver.cuEventDestroy(handle), "cuEventDestroy");
    }
  }
}
