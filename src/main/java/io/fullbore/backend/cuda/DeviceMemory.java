package io.fullbore.backend.cuda;

import java.util.Objects;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;

/** A piece of the device's memory, beginning at a multiple of 256 bytes. Owned by its context. */
final class DeviceMemory implements CudaContext.Resource {
  private final CudaContext context;
  private final Handles.Device handle = new Handles.Device();
  private final long bytes;

  DeviceMemory(CudaContext context, long bytes) {
    this.context = context;
    this.bytes = bytes;
    context.check(JCudaDriver.cuMemAlloc(handle, bytes), "cuMemAlloc", "bytes=" + bytes);
  }

  /** As kernels take it. */
  long address() {
    return handle.address();
  }

  long bytes() {
    return bytes;
  }

  /** The address of {@code [offset, offset + count)}, which lies within. */
  CUdeviceptr at(long offset, long count) {
    Objects.checkFromIndexSize(offset, count, bytes);
    return offset == 0 ? handle : new Handles.Device(handle.address() + offset);
  }

  /** Waits for what the device is doing. */
  @Override
  public void close() {
    if (context.disown(this)) {
      context.checkFreed(JCudaDriver.cuMemFree(handle), "cuMemFree");
    }
  }
}
