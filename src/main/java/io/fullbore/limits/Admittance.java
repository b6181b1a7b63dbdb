package io.fullbore.limits;

import io.fullbore.core.Failure;

/** What {@link Limits} answers. */
public sealed interface Admittance {
  /** For the answer to the caller; empty where no limit applies. */
  RateHeaders headers();

  /**
   * Go on; the hold must be settled or released exactly when the request has ended.
   *
   * @param hold what was taken
   */
  record Granted(Hold hold, RateHeaders headers) implements Admittance {}

  /**
   * Nothing was taken.
   *
   * @param failure RateLimited, BudgetSpent, InvalidRequest where the request can never fit its
   *     limits, or Unavailable where money cannot be counted now
   */
  record Refused(Failure failure, RateHeaders headers) implements Admittance {}
}
