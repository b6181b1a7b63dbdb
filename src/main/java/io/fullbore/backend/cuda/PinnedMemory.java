package io.fullbore.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jcuda.driver.JCudaDriver;

/**
 * Memory of the host that stays in its place, so that the device can copy from it and to it while
 * the processor goes on. Owned by its context; the segment may be used by every thread.
 */
final class PinnedMemory implements CudaContext.Resource {
  private final CudaContext context;
  private final Handles.Host handle = new Handles.Host();
  private final Arena arena;
  private final MemorySegment segment;

  @SuppressWarnings("restricted")
  PinnedMemory(CudaContext context, long bytes) {
    this.context = context;
    context.check(JCudaDriver.cuMemHostAlloc(handle, bytes, 0), "cuMemHostAlloc", "bytes=" + bytes);
    arena = Arena.ofShared();
    segment = MemorySegment.ofAddress(handle.address()).reinterpret(bytes, arena, null);
  }

  MemorySegment segment() {
    return segment;
  }

  @Override
  public void close() {
    if (context.disown(this)) {
      arena.close();
      context.checkFreed(JCudaDriver.cuMemFreeHost(handle), "cuMemFreeHost");
    }
  }
}
