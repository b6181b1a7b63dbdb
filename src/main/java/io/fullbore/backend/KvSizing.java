package io.fullbore.backend;

/**
 * The sizes a backend allocates for.
 *
 * @param blockCount blocks of the KV cache
 * @param blockTokens tokens per block
 * @param maxPositions positions of the longest sequence
 * @param maxStepTokens rows of a step at most
 */
public record KvSizing(int blockCount, int blockTokens, int maxPositions, int maxStepTokens) {
  public KvSizing {
    if (blockCount < 1 || blockTokens < 1 || maxPositions < 1 || maxStepTokens < 1) {
      throw new IllegalArgumentException(
          "blockCount=%d blockTokens=%d maxPositions=%d maxStepTokens=%d must be positive"
              .formatted(blockCount, blockTokens, maxPositions, maxStepTokens));
    }
  }

  /**
   * Sizes the KV cache: {@code kvCacheBytes} where it is given, else what {@code maxRunning}
   * sequences of full length need, but a quarter of the machine's memory at most.
   *
   * @param bytesPerBlock the backend's bytes per block over all layers
   */
  public static KvSizing of(
      long kvCacheBytes,
      long memoryBytes,
      long bytesPerBlock,
      int blockTokens,
      int maxPositions,
      int maxRunning,
      int maxStepTokens) {
    long wanted = (long) maxRunning * Math.ceilDiv(maxPositions, blockTokens);
    long affordable = (kvCacheBytes > 0 ? kvCacheBytes : memoryBytes / 4) / bytesPerBlock;
    long blocks = kvCacheBytes > 0 ? affordable : Math.min(wanted, affordable);
    if (blocks < 1) {
      throw new IllegalArgumentException(
          "engine.kvCacheBytes=%d holds no block: one takes %d bytes"
              .formatted(kvCacheBytes, bytesPerBlock));
    }
    int blockCount = (int) Math.min(blocks, Integer.MAX_VALUE / blockTokens);
    return new KvSizing(
        blockCount, blockTokens, Math.min(maxPositions, blockCount * blockTokens), maxStepTokens);
  }
}
