package io.fullbore.engine;

/**
 * How requests are gathered into batches.
 *
 * @param maxBatchSize a batch goes out when this many requests wait
 * @param timeoutMs a batch goes out when the oldest request waited this long
 * @param maxQueuedRequests requests that may wait; more are refused
 * @param maxQueuedTokens prompt tokens that may wait; more are refused
 */
public record BatchSettings(
    int maxBatchSize, long timeoutMs, int maxQueuedRequests, long maxQueuedTokens) {
  public BatchSettings {
    if (maxBatchSize < 1 || timeoutMs < 0 || maxQueuedRequests < 1 || maxQueuedTokens < 1) {
      throw new IllegalArgumentException(
          "maxBatchSize=%d timeoutMs=%d maxQueuedRequests=%d maxQueuedTokens=%d must be positive, timeoutMs not negative"
              .formatted(maxBatchSize, timeoutMs, maxQueuedRequests, maxQueuedTokens));
    }
  }
}
