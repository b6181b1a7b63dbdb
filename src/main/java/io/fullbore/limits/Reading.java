package io.fullbore.limits;

/**
 * How full a bucket was.
 *
 * @param level for rates, units times the milliseconds of a minute, so that a bucket of limit L
 *     sinks by exactly L per millisecond and no fraction is ever rounded; for slots, their count
 */
record Reading(Bucket bucket, long level) {
  static final long MINUTE_MS = 60_000;

  long remaining() {
    return Math.max(0, (bucket.limit() * MINUTE_MS - level) / MINUTE_MS);
  }

  /** Until the bucket is full again. */
  long resetMs() {
    return Math.ceilDiv(level, bucket.limit());
  }
}
