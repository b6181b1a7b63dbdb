package io.fullbore.backend;

import io.fullbore.kv.BlockTable;

/**
 * The sizes a backend allocates for.
 *
 * @param blockCount blocks of the KV cache
 * @param blockTokens tokens per block
 * @param maxPositions positions of the longest sequence
 * @param maxStepTokens rows of a step at most
 * @param maxSequences sequences of a step at most
 */
public record KvSizing(
    int blockCount, int blockTokens, int maxPositions, int maxStepTokens, int maxSequences) {
  public KvSizing {
    if (blockCount < 1
        || blockTokens < 1
        || maxPositions < 1
        || maxStepTokens < 1
        || maxSequences < 1) {
      throw new IllegalArgumentException(
          "blockCount=%d blockTokens=%d maxPositions=%d maxStepTokens=%d maxSequences=%d must be positive"
              .formatted(blockCount, blockTokens, maxPositions, maxStepTokens, maxSequences));
    }
  }

  /** A step may hold a sequence per row. */
  public KvSizing(int blockCount, int blockTokens, int maxPositions, int maxStepTokens) {
    this(blockCount, blockTokens, maxPositions, maxStepTokens, maxStepTokens);
  }

  /**
   * @throws IndexOutOfBoundsException when a step has more rows than was allocated for
   */
  public void requireRows(int rowCount) {
    if (rowCount > maxStepTokens) {
      throw new IndexOutOfBoundsException(
          "rowCount=%d exceeds maxStepTokens=%d".formatted(rowCount, maxStepTokens));
    }
  }

  /**
   * @throws IndexOutOfBoundsException when a position is too large, or its sequence has no block
   *     for it
   */
  public void requirePosition(int position, BlockTable table) {
    if (position >= maxPositions || position / blockTokens >= table.size()) {
      throw new IndexOutOfBoundsException(
          "position=%d needs a block and less than maxPositions=%d; the sequence has blocks=%d"
              .formatted(position, maxPositions, table.size()));
    }
  }

  /**
   * @param blocks block numbers, of which those in {@code [from, end)} count
   * @throws IndexOutOfBoundsException when one of them is no block of the cache
   */
  public void requireBlocks(int[] blocks, int from, int end) {
    for (int entry = from; entry < end; entry++) {
      if (blocks[entry] < 0 || blocks[entry] >= blockCount) {
        throw new IndexOutOfBoundsException(
            "block=%d is none of blockCount=%d".formatted(blocks[entry], blockCount));
      }
    }
  }

  /** The same with so many blocks, and positions that fit into them. */
  public KvSizing withBlockCount(int count) {
    long positions = Math.min(maxPositions, (long) count * blockTokens);
    return new KvSizing(count, blockTokens, (int) positions, maxStepTokens, maxSequences);
  }
}
