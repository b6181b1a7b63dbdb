package io.fullbore.backend.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.driver.CUgraph;
import jcuda.driver.CUresult;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * Work for the device, done in the order it is given while the host goes on. Owned by its context.
 *
 * <p>No call here waits but {@link #synchronize}. Memory that a copy reads or writes must stay as
 * it is until the copy is done.
 */
final class CudaStream implements CudaContext.Resource {
  private final CudaContext context;
  private final Handles.Stream handle = new Handles.Stream();

  CudaStream(CudaContext context) {
    this.context = context;
    context.check(
        JCudaDriver.cuStreamCreate(handle, CUstream_flags.CU_STREAM_NON_BLOCKING),
        "cuStreamCreate",
        "");
  }

  Handles.Stream handle() {
    return handle;
  }

  long address() {
    return handle.address();
  }

  /**
   * Copies from the host.
   *
   * @param offset first byte in {@code target}
   * @param source outside the Java heap; pinned, or the call may wait for the copy
   */
  void upload(DeviceMemory target, long offset, MemorySegment source) {
    long bytes = source.byteSize();
    context.check(
        JCudaDriver.cuMemcpyHtoDAsync(target.at(offset, bytes), host(source), bytes, handle),
        "cuMemcpyHtoDAsync",
        "");
  }

  /**
   * Copies to the host.
   *
   * @param target outside the Java heap; pinned, or the call may wait for the copy
   * @param offset first byte in {@code source}
   */
  void download(MemorySegment target, DeviceMemory source, long offset) {
    long bytes = target.byteSize();
    context.check(
        JCudaDriver.cuMemcpyDtoHAsync(host(target), source.at(offset, bytes), bytes, handle),
        "cuMemcpyDtoHAsync",
        "");
  }

  /** Copies within the device. */
  void copy(
      DeviceMemory target, long targetOffset, DeviceMemory source, long sourceOffset, long bytes) {
    context.check(
        JCudaDriver.cuMemcpyDtoDAsync(
            target.at(targetOffset, bytes), source.at(sourceOffset, bytes), bytes, handle),
        "cuMemcpyDtoDAsync",
        "");
  }

  /** Sets {@code bytes} bytes from {@code offset} on to {@code value}. */
  void fill(DeviceMemory target, long offset, long bytes, byte value) {
    context.check(
        JCudaDriver.cuMemsetD8Async(target.at(offset, bytes), value, bytes, handle),
        "cuMemsetD8Async",
        "");
  }

  /** Marks this point. */
  void record(CudaEvent event) {
    context.check(JCudaDriver.cuEventRecord(event.handle(), handle), "cuEventRecord", "");
  }

  /** Lets what comes next in this stream wait for a mark in another. */
  void await(CudaEvent event) {
    context.check(
        JCudaDriver.cuStreamWaitEvent(handle, event.handle(), 0), "cuStreamWaitEvent", "");
  }

  /** Whether all work is done. */
  boolean isIdle() {
    int result = JCudaDriver.cuStreamQuery(handle);
    if (result == CUresult.CUDA_ERROR_NOT_READY) {
      return false;
    }
    context.check(result, "cuStreamQuery", "");
    return true;
  }

  /**
   * Waits until all work is done.
   *
   * @throws CudaException when some of it failed
   */
  void synchronize() {
    context.check(JCudaDriver.cuStreamSynchronize(handle), "cuStreamSynchronize", "");
  }

  /**
   * Takes down what {@code work} gives to this stream instead of doing it. {@code work} must not
   * wait for the device.
   */
  CudaGraph capture(Runnable work) {
    context.check(
        JCudaDriver.cuStreamBeginCapture(
            handle, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
        "cuStreamBeginCapture",
        "");
    CUgraph captured = new CUgraph();
    boolean complete = false;
    int result;
    try {
      work.run();
      complete = true;
    } finally {
      result = JCudaDriver.cuStreamEndCapture(handle, captured);
      if (!complete && result == CUresult.CUDA_SUCCESS) {
        JCudaDriver.cuGraphDestroy(captured);
      }
    }
    context.check(result, "cuStreamEndCapture", "");
    return context.own(new CudaGraph(context, captured));
  }

  /** Work that has been given is still done. */
  @Override
  public void close() {
    if (context.disown(this)) {
      context.checkFreed(JCudaDriver.cuStreamDestroy(handle), "cuStreamDestroy");
    }
  }

  private static Handles.Host host(MemorySegment memory) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("the device copies only from and to off-heap memory");
    }
    return new Handles.Host(memory.address());
  }
}
