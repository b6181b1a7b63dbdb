package io.fullbore.upstream;

import java.util.Arrays;

/**
 * How long the last whole answers took. Owned by {@link SharedGate} and used under its lock, so the
 * percentile is sorted out only when it is asked for, and not for each new answer.
 */
final class LatencyWindow {
  static final int SIZE = 256;
  static final int ENOUGH = 20;
  static final int STALE_AFTER = 16;
  private static final int PERCENT = 95;

  private final long[] tookMs = new long[SIZE]; // [answer modulo SIZE]
  private long answerCount;
  private long sortedCount;
  private long p95Ms = Long.MAX_VALUE;

  void add(long answerTookMs) {
    tookMs[(int) (answerCount % SIZE)] = answerTookMs;
    answerCount++;
  }

  /**
   * The smallest time that 95 of 100 answers did not exceed, of all but the very latest answers;
   * {@link Long#MAX_VALUE} while too few are known.
   */
  long p95Ms() {
    boolean stale = sortedCount == 0 || answerCount - sortedCount >= STALE_AFTER;
    if (stale && answerCount >= ENOUGH) {
      int count = (int) Math.min(answerCount, SIZE);
      long[] sorted = Arrays.copyOf(tookMs, count);
      Arrays.sort(sorted);
      p95Ms = sorted[Math.ceilDiv(count * PERCENT, 100) - 1];
      sortedCount = answerCount;
    }
    return p95Ms;
  }
}
