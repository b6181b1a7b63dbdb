package io.fullbore.upstream;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** A monotonic clock that stands still until it is moved; like the real one, it begins anywhere. */
final class ManualClock implements LongSupplier {
  private static final long MS_NANOS = 1_000_000;

  private final AtomicLong nanos = new AtomicLong(-1_234_567_890_123_456_789L);

  void moveMs(long ms) {
    nanos.addAndGet(ms * MS_NANOS);
  }

  @Override
  public long getAsLong() {
    return nanos.get();
  }
}
