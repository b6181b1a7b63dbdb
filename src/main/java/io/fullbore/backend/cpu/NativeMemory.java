package io.fullbore.backend.cpu;

import io.fullbore.backend.BackendException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Zeroed off-heap memory from the C library's {@code calloc}: large blocks come as untouched pages,
 * so a KV cache costs physical memory only as far as it is used. {@link Arena#allocate} would write
 * to all of it. Owned by the backend that closes it.
 */
final class NativeMemory implements AutoCloseable {
  private static final long CACHE_LINE_BYTES = 64;
  private static final long HUGE_PAGE_BYTES = 2 << 20;
  private static final int MADV_HUGEPAGE = 14; // Linux

  private static final MethodHandle CALLOC =
      function(
          "calloc",
          FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  private static final MethodHandle FREE =
      function("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

  private final Arena arena = Arena.ofShared();
  private long allocatedBytes;

  @SuppressWarnings("restricted")
  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
  }

  /**
   * @return memory that begins at a cache line
   * @throws BackendException when the system refuses {@code bytes}
   */
  MemorySegment allocate(long bytes) {
    return allocate(bytes, CACHE_LINE_BYTES);
  }

  /**
   * The same in huge pages where the system has them: memory that is read from one end to the other
   * at every step costs fewer look-ups of addresses.
   */
  MemorySegment allocateHuge(long bytes) {
    MemorySegment memory = allocate(bytes, HUGE_PAGE_BYTES);
    adviseHugePages(memory);
    return memory;
  }

  /** New memory with these elements. */
  MemorySegment copyOf(float[] elements) {
    MemorySegment copy = allocate((long) elements.length * Float.BYTES);
    MemorySegment.copy(elements, 0, copy, ValueLayout.JAVA_FLOAT, 0, elements.length);
    return copy;
  }

  @SuppressWarnings("restricted")
  private MemorySegment allocate(long bytes, long alignmentBytes) {
    long reservedBytes = bytes + alignmentBytes;
    MemorySegment address = (MemorySegment) call(CALLOC, 1L, reservedBytes);
    if (address.address() == 0) {
      throw new BackendException(
          ("the system has no memory for bytes=%d beside allocatedBytes=%d;"
                  + " lower engine.kvCacheBytes or engine.maxStepTokens, or take a smaller model")
              .formatted(bytes, allocatedBytes),
          null);
    }
    allocatedBytes += reservedBytes;
    MemorySegment memory =
        address.reinterpret(reservedBytes, arena, segment -> call(FREE, segment));
    long skippedBytes = -address.address() & (alignmentBytes - 1);
    return memory.asSlice(skippedBytes, bytes);
  }

  /** Bytes asked of the system so far. */
  long allocatedBytes() {
    return allocatedBytes;
  }

  @Override
  public void close() {
    arena.close();
  }

  /** Advice alone: where it is not taken, the pages are small. */
  @SuppressWarnings("restricted")
  private static void adviseHugePages(MemorySegment memory) {
    if (!System.getProperty("os.name").equals("Linux")) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    Optional<MemorySegment> madvise = linker.defaultLookup().find("madvise");
    if (madvise.isPresent()) {
      FunctionDescriptor descriptor =
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT);
      call(
          linker.downcallHandle(madvise.get(), descriptor),
          memory,
          memory.byteSize(),
          MADV_HUGEPAGE);
    }
  }

  private static Object call(MethodHandle function, Object... arguments) {
    try {
      return function.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException("a call to the C library failed", e);
    }
  }
}
