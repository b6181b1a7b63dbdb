package io.fullbore.limits;

import java.util.List;

/** What {@link Rates} answers. */
sealed interface Take {
  List<Reading> readings();

  /** All buckets gave. */
  record Granted(List<Reading> readings, Return back) implements Take {
    /** From no bucket at all. */
    static final Granted NOTHING = new Granted(List.of(), units -> {});
  }

  /**
   * No bucket gave.
   *
   * @param bucket the one that must be waited for longest
   */
  record Refused(List<Reading> readings, Bucket bucket, long retryAfterMs) implements Take {}

  /** The way back into the buckets; used once. */
  @FunctionalInterface
  interface Return {
    /**
     * Frees the slot, where one was taken, and gives units back. Units may come back later than the
     * bucket would have refilled by itself: that lifts the rate for a moment, but never its average
     * since they were taken.
     */
    void giveBack(long units);
  }
}
