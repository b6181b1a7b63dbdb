package io.fullbore.upstream;

import java.util.random.RandomGenerator;

/**
 * Waits that double, up to a cap, and are spread at random so that those who failed together do not
 * come back together. Immutable, and as thread-safe as its source of randomness.
 *
 * <p>From "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: full jitter takes anything
 * between nothing and the doubled wait, equal jitter at least its half.
 */
final class Backoff {
  private static final long BASE_MS = 100;
  private static final long CAP_MS = 5_000;

  /** Doubles any base beyond any cap, and no base beyond a long. */
  private static final int MAX_DOUBLINGS = 30;

  private final long baseMs;
  private final long capMs;
  private final RandomGenerator random;

  /** Between two attempts of one request: from 100 ms to 5 s. */
  Backoff(RandomGenerator random) {
    this(BASE_MS, CAP_MS, random);
  }

  Backoff(long baseMs, long capMs, RandomGenerator random) {
    this.baseMs = baseMs;
    this.capMs = capMs;
    this.random = random;
  }

  /**
   * With full jitter.
   *
   * @param attempt attempts that failed before the last one; 0 after the first failure
   * @return 0 is possible
   */
  long delayMs(int attempt) {
    return random.nextLong(ceilingMs(attempt) + 1);
  }

  /** With equal jitter, for those who must not come back at once. */
  long atLeastHalfMs(int attempt) {
    long ceilingMs = ceilingMs(attempt);
    long halfMs = ceilingMs / 2;
    return halfMs + random.nextLong(ceilingMs - halfMs + 1);
  }

  private long ceilingMs(int attempt) {
    return Math.min(capMs, baseMs << Math.clamp(attempt, 0, MAX_DOUBLINGS));
  }
}
