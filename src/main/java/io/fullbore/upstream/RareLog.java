package io.fullbore.upstream;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** Lets one line a minute through, for what would else be logged once a request. Thread-safe. */
final class RareLog {
  private static final long PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final LongSupplier nanoClock;
  private final AtomicLong lastNanos;

  RareLog(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
    this.lastNanos = new AtomicLong(nanoClock.getAsLong() - PAUSE_NANOS);
  }

  /** Whether a line may be written now. */
  boolean permits() {
    long now = nanoClock.getAsLong();
    long last = lastNanos.get();
    return now - last >= PAUSE_NANOS && lastNanos.compareAndSet(last, now);
  }
}
