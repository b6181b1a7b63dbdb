package io.fullbore.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import jcuda.driver.JCudaDriver;

/**
 * Memory of the host that stays in its place, so that the device can copy from it and to it while
 * the processor goes on. Owned by its context; the segment may be used by every thread.
 */
final class PinnedMemory implements CudaContext.Resource {
  /** Called past JCuda, which makes a buffer of the memory, and of 2 GiB and more there is none. */
  private static final MethodHandle ALLOCATE = allocator();

  private final CudaContext context;
  private final Handles.Host handle;
  private final Arena arena;
  private final MemorySegment segment;

  @SuppressWarnings("restricted")
  PinnedMemory(CudaContext context, long bytes) {
    this.context = context;
    handle = new Handles.Host(allocate(context, bytes));
    arena = Arena.ofShared();
    segment = MemorySegment.ofAddress(handle.address()).reinterpret(bytes, arena, null);
  }

  @SuppressWarnings("restricted")
  private static MethodHandle allocator() {
    return Linker.nativeLinker()
        .downcallHandle(
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS, // gets the address
                ValueLayout.JAVA_LONG, // bytes
                ValueLayout.JAVA_INT)); // flags
  }

  private static long allocate(CudaContext context, long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(ValueLayout.JAVA_LONG);
      int result;
      try {
        result = (int) ALLOCATE.invokeExact(context.driver().hostAlloc(), address, bytes, 0);
      } catch (Throwable e) {
        throw new IllegalStateException("cuMemHostAlloc could not be called", e);
      }
      context.check(result, "cuMemHostAlloc", "bytes=" + bytes);
      return address.get(ValueLayout.JAVA_LONG, 0);
    }
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
