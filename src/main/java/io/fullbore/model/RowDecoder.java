package io.fullbore.model;

import java.lang.foreign.MemorySegment;

/**
 * Turns the stored weights of one row, or of whole blocks of it, into floats: bit for bit what
 * ggml's {@code dequantize_row_*} gives. Stateless and safe for many threads; the hot loop of the
 * scalar CPU backend.
 */
@FunctionalInterface
public interface RowDecoder {
  /**
   * @param source holds the blocks; any alignment
   * @param offsetBytes where the first block starts
   * @param target receives {@code elementCount} floats from {@code targetOffset} on
   * @param elementCount a multiple of the format's {@link WeightFormat#blockElements()}
   * @throws IllegalArgumentException when {@code elementCount} cuts a block
   * @throws IndexOutOfBoundsException when source or target is too short
   */
  void decode(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount);
}
