package io.fullbore.upstream;

/**
 * How fast slots become free while all are taken, to tell those who find the queue full when to
 * come back. Times when slots were free are left out: nobody waits then, and they say nothing.
 * Owned by {@link SharedGate} and used under its lock.
 */
final class DrainRate {
  private static final long MIN_WAIT_MS = 1_000;
  private static final long MAX_WAIT_MS = 60_000;
  private static final double MS_NANOS = 1e6;

  /** The mean goes an eighth of the way to each new interval, as TCP's does (RFC 6298). */
  private static final double GAIN = 1.0 / 8;

  private boolean full;
  private long sinceNanos;
  private double meanNanos = Double.NaN;

  /** Whether all slots are taken, told after each change. */
  void full(boolean nowFull, long nowNanos) {
    if (nowFull && !full) {
      sinceNanos = nowNanos;
    }
    full = nowFull;
  }

  /** A slot became free; told before {@link #full}. */
  void freed(long nowNanos) {
    if (full) {
      long interval = nowNanos - sinceNanos;
      meanNanos = Double.isNaN(meanNanos) ? interval : meanNanos + GAIN * (interval - meanNanos);
      sinceNanos = nowNanos;
    }
  }

  /**
   * When so many slots will have become free: at least a second, at most a minute. Grows while none
   * does.
   */
  long waitMs(int slotCount, long nowNanos) {
    return Math.clamp((long) Math.ceil(expectedMs(slotCount, nowNanos)), MIN_WAIT_MS, MAX_WAIT_MS);
  }

  /** The same without bounds; 0 while nothing is known. */
  double expectedMs(int slotCount, long nowNanos) {
    double known = Double.isNaN(meanNanos) ? 0 : meanNanos;
    double interval = full ? Math.max(known, nowNanos - sinceNanos) : known;
    return slotCount * interval / MS_NANOS;
  }
}
