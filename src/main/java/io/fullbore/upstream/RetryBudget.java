package io.fullbore.upstream;

/**
 * How many repetitions may be sent: at no time more, all in all, than a tenth of the first
 * attempts, so that a failing upstream gets at most a tenth more than its callers ask. Owned by
 * {@link SharedGate} and used under its lock.
 *
 * <p>From the retry budget of "Site Reliability Engineering" (Google, 2016), chapter "Handling
 * Overload". What quiet times save up is bounded: a storm finds {@link #MAX_SAVED} repetitions at
 * most, and nothing at the start.
 */
final class RetryBudget {
  static final int FIRSTS_PER_REPEAT = 10;
  static final int MAX_SAVED = 100;

  /** First attempts that have not paid for a repetition. */
  private int credit;

  /** A first attempt is sent. */
  void first() {
    credit = Math.min(credit + 1, FIRSTS_PER_REPEAT * MAX_SAVED);
  }

  /** Takes one repetition, where there is one. */
  boolean take() {
    if (credit < FIRSTS_PER_REPEAT) {
      return false;
    }
    credit -= FIRSTS_PER_REPEAT;
    return true;
  }
}
