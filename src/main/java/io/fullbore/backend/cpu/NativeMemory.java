package io.fullbore.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Zeroed off-heap memory from the C library's {@code calloc}: large blocks come as untouched pages,
 * so a KV cache costs physical memory only as far as it is used. {@link Arena#allocate} would write
 * to all of it. Owned by the backend that closes it.
 */
final class NativeMemory implements AutoCloseable {
  private static final MethodHandle CALLOC =
      function(
          "calloc",
          FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  private static final MethodHandle FREE =
      function("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

  private final Arena arena = Arena.ofShared();

  @SuppressWarnings("restricted")
  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
  }

  /**
   * @throws OutOfMemoryError when the system refuses {@code bytes}
   */
  @SuppressWarnings("restricted")
  MemorySegment allocate(long bytes) {
    MemorySegment address = call(CALLOC, 1L, bytes);
    if (address.address() == 0) {
      throw new OutOfMemoryError("no native memory for bytes=" + bytes);
    }
    return address.reinterpret(bytes, arena, segment -> call(FREE, segment));
  }

  @Override
  public void close() {
    arena.close();
  }

  private static MemorySegment call(MethodHandle function, Object... arguments) {
    try {
      Object result = function.invokeWithArguments(arguments);
      return result instanceof MemorySegment segment ? segment : MemorySegment.NULL;
    } catch (Throwable e) {
      throw new IllegalStateException("a call to the C library failed", e);
    }
  }
}
