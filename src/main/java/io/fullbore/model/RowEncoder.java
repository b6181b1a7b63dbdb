package io.fullbore.model;

import java.lang.foreign.MemorySegment;

/**
 * Turns floats into stored weights, block by block. Stateless and safe for many threads; used for
 * synthetic models and tests, so it is made for clearness before speed.
 */
@FunctionalInterface
public interface RowEncoder {
  /**
   * @param source holds {@code elementCount} finite floats from {@code sourceOffset} on
   * @param target receives whole blocks; any alignment
   * @param offsetBytes where the first block starts
   * @param elementCount a multiple of the format's {@link WeightFormat#blockElements()}
   * @throws IllegalArgumentException when {@code elementCount} cuts a block
   * @throws IndexOutOfBoundsException when source or target is too short
   */
  void encode(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount);
}
