package io.fullbore.backend;

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

  /** The same with so many blocks, and positions that fit into them. */
  public KvSizing withBlockCount(int count) {
    long positions = Math.min(maxPositions, (long) count * blockTokens);
    return new KvSizing(count, blockTokens, (int) positions, maxStepTokens, maxSequences);
  }
}
