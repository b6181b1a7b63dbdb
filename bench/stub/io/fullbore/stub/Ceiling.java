package io.fullbore.stub;

import java.util.concurrent.TimeUnit;

/**
 * Lets no more than a number of answers begin in a second, in the order in which they were asked
 * for. Owned by the stub's event loop. Who leaves while waiting has used up a place, as with a
 * server that does not notice.
 */
final class Ceiling {
  private long takenUntilNanos;

  /** Takes the next place; returns how long it is until then. */
  long waitNanos(double perSecond, long nowNanos) {
    if (perSecond == 0) {
      return 0;
    }
    long fromNanos = takenUntilNanos - nowNanos > 0 ? takenUntilNanos : nowNanos;
    takenUntilNanos = fromNanos + (long) (TimeUnit.SECONDS.toNanos(1) / perSecond);
    return takenUntilNanos - nowNanos;
  }
}
