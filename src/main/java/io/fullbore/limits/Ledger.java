package io.fullbore.limits;

import io.vertx.core.Future;
import java.time.LocalDate;

/**
 * Keeps what was spent. Every entry changes the totals that budgets are held against and the row
 * that is shown by the same amount and at once, so that the two can never differ.
 *
 * <p>Windows are days and months in UTC by the node's clock. An entry stays in the window in which
 * it was begun, even when it is settled after midnight.
 */
interface Ledger {
  /** Days that can be shown. */
  int KEPT_DAYS = 62;

  /** Reserves money under all budgets, or under none. */
  Future<Booking> reserve(Owner owner, String model, long micros, Budgets budgets);

  /** For a request that no budget holds for: counts what it used at its end. */
  Booking.Receipt open(Owner owner, String model);

  /** As {@link Limits#usage}. */
  Future<UsageReport> usage(LocalDate from, LocalDate to);
}
