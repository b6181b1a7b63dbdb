package io.fullbore.upstream;

import java.util.random.RandomGenerator;

/**
 * Until when an upstream that has too much to do is left alone: as long as it asks for, or as long
 * as a growing backoff says. Owned by {@link SharedGate} and used under its lock. Times are
 * nanoseconds since the gate was made.
 */
final class CoolOff {
  private static final long MS_NANOS = 1_000_000;
  private static final long BASE_MS = 1_000;
  private static final long CAP_MS = 60_000;

  /** An upstream that asks for more is asked again all the same. */
  private static final long MAX_STATED_MS = 600_000;

  private final Backoff backoff;
  private long untilNanos;
  private int round;

  CoolOff(RandomGenerator random) {
    backoff = new Backoff(BASE_MS, CAP_MS, random);
  }

  /**
   * The upstream has too much to do.
   *
   * @param statedMs how long it wants to be left alone; 0 where it does not say
   * @param news whether the request was sent after the last such answer: those that were under way
   *     together are refused together, which is one reason to wait and not many
   */
  void begin(long statedMs, boolean news, long nowNanos) {
    long forMs = 0;
    if (statedMs > 0) {
      forMs = Math.min(statedMs, MAX_STATED_MS);
    } else if (news) {
      forMs = Math.max(1, backoff.delayMs(round));
      round++;
    }
    untilNanos = Math.max(untilNanos, nowNanos + forMs * MS_NANOS);
  }

  /** A request that was sent after the last such answer succeeded. */
  void succeeded() {
    round = 0;
  }

  /** 0 where requests may be sent. */
  long remainingMs(long nowNanos) {
    return Math.max(0, Math.ceilDiv(untilNanos - nowNanos, MS_NANOS));
  }
}
