package io.fullbore.upstream;

/**
 * So many units a minute: a bucket that is emptied by use, refilled evenly, and full at first, so
 * that a whole minute's units may be used at once. Owned by {@link SharedGate} and used under its
 * lock. Times are nanoseconds since the gate was made.
 */
final class MinuteRate {
  private static final long MINUTE_MS = 60_000;
  private static final long MS_NANOS = 1_000_000;

  /** What was used beyond what was reserved keeps the bucket empty for a minute more at most. */
  private static final long MAX_MINUTES = 2;

  private final long limit;

  /** What is missing from a full bucket, in unit-milliseconds a minute: exact whatever the rate. */
  private long missing;

  private long atMs;

  /**
   * @param limit units a minute; 0 for no limit
   */
  MinuteRate(long limit) {
    this.limit = limit;
  }

  /** Until units can be taken; more than a minute's can be taken from a full bucket. */
  long waitMs(long units, long nowNanos) {
    if (limit == 0) {
      return 0;
    }
    refill(nowNanos);
    long mayMiss = (limit - Math.min(units, limit)) * MINUTE_MS;
    return Math.max(0, Math.ceilDiv(missing - mayMiss, limit));
  }

  /**
   * Takes units, whether they are there or not.
   *
   * @return how many were taken, for {@link #correct}: a minute's at most
   */
  long take(long units, long nowNanos) {
    long taken = Math.min(units, limit);
    correct(0, taken, nowNanos);
    return taken;
  }

  /** Settles what was taken with what was used. */
  void correct(long taken, long used, long nowNanos) {
    if (limit > 0) {
      refill(nowNanos);
      long more = Math.clamp(used, 0, limit * MAX_MINUTES) - taken;
      missing = Math.clamp(missing + more * MINUTE_MS, 0, limit * MINUTE_MS * MAX_MINUTES);
    }
  }

  private void refill(long nowNanos) {
    long nowMs = nowNanos / MS_NANOS;
    long passedMs = Math.min(nowMs - atMs, MINUTE_MS * MAX_MINUTES);
    missing = Math.max(0, missing - passedMs * limit);
    atMs = nowMs;
  }
}
