package io.fullbore.backend.cpu;

import io.fullbore.graph.Slot;
import io.fullbore.model.Architecture;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.Map;

/**
 * The slots of a graph as the kernels see them: rows of floats, and beside those that matrices read
 * the same rows in 8-bit integers and in bfloat16. The struct that the matrix kernels take:
 *
 * <pre>
 *   fb_activations   0 x: floats   8 q: integers   16 scale per 32   24 sum per 16   32 pairs
 * </pre>
 *
 * <p>Allocated for the longest step; pages that no step reaches cost nothing. Part of a backend,
 * whose memory it lies in.
 */
final class SlotMemory {
  private static final int ELEMENTS_PER_SCALE = 32;
  private static final int ELEMENTS_PER_SUM = 16;

  /**
   * The addresses of one slot's parts.
   *
   * @param floats [row][width]
   * @param struct fb_activations of the slot
   */
  record Buffer(
      int width,
      MemorySegment floats,
      long integers,
      long scales,
      long sums,
      long pairs,
      long struct) {
    long address() {
      return floats.address();
    }
  }

  private final Map<Slot, Buffer> buffers = new EnumMap<>(Slot.class);

  SlotMemory(NativeMemory memory, Architecture architecture, int maxRows) {
    for (Slot slot : Slot.values()) {
      int width = slot.width(architecture);
      boolean feedsMatrices = slot == Slot.NORMED || slot == Slot.ATTENDED || slot == Slot.GATE;
      buffers.put(slot, buffer(memory, width, maxRows, feedsMatrices));
    }
  }

  private static Buffer buffer(
      NativeMemory memory, int width, long maxRows, boolean feedsMatrices) {
    MemorySegment floats = memory.allocate(maxRows * width * Float.BYTES);
    if (!feedsMatrices) {
      return new Buffer(width, floats, 0, 0, 0, 0, 0);
    }
    long integers = memory.allocate(maxRows * width).address();
    long scales = memory.allocate(maxRows * width / ELEMENTS_PER_SCALE * Float.BYTES).address();
    long sums = memory.allocate(maxRows * width / ELEMENTS_PER_SUM * Integer.BYTES).address();
    long pairs = memory.allocate(maxRows * ((width + 1) / 2) * Integer.BYTES).address();
    MemorySegment struct = memory.allocate(5 * Long.BYTES);
    struct.set(ValueLayout.JAVA_LONG, 0, floats.address());
    struct.set(ValueLayout.JAVA_LONG, 8, integers);
    struct.set(ValueLayout.JAVA_LONG, 16, scales);
    struct.set(ValueLayout.JAVA_LONG, 24, sums);
    struct.set(ValueLayout.JAVA_LONG, 32, pairs);
    return new Buffer(width, floats, integers, scales, sums, pairs, struct.address());
  }

  Buffer get(Slot slot) {
    Buffer buffer = buffers.get(slot);
    if (buffer == null) {
      throw new IllegalStateException("slot=%s has no buffer".formatted(slot));
    }
    return buffer;
  }

  long address(Slot slot) {
    return get(slot).address();
  }
}
