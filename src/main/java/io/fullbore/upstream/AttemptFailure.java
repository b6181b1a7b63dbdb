package io.fullbore.upstream;

import io.fullbore.core.Failure;

/**
 * Why one attempt brought no answer, and what follows from it.
 *
 * @param failure what the caller is told where it was the last attempt; holds no secret
 * @param blame what the gate learns
 * @param repeatable whether the same upstream may answer when it is asked again
 * @param elsewhere whether another target may answer
 * @param retryAfterMs when the upstream wants to be asked again; 0 where it does not say
 */
record AttemptFailure(
    Failure failure, Blame blame, boolean repeatable, boolean elsewhere, long retryAfterMs) {
  /** Whose fault it was. */
  enum Blame {
    UPSTREAM,
    /** The upstream has too much to do. */
    LOAD,
    /** Nothing is known of the upstream. */
    NOBODY
  }

  /** The upstream did not do its part. */
  static AttemptFailure of(Failure failure, boolean repeatable) {
    return new AttemptFailure(failure, Blame.UPSTREAM, repeatable, true, 0);
  }

  UpstreamFailure toUpstreamFailure() {
    return new UpstreamFailure(failure, elsewhere);
  }

  /** Tells the gate. */
  void settle(UpstreamGate.Permit permit) {
    switch (blame) {
      case UPSTREAM -> permit.failed();
      case LOAD -> permit.overloaded(retryAfterMs);
      case NOBODY -> permit.release();
    }
  }
}
