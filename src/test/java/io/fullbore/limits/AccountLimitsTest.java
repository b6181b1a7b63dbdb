package io.fullbore.limits;

import static io.fullbore.limits.Accounts.day;
import static io.fullbore.limits.Accounts.key;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.fullbore.config.GatewayConfig.Price;
import io.fullbore.core.Failure;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.Test;

class AccountLimitsTest {
  private final MovableClock clock = new MovableClock("2026-11-25T23:59:59Z");

  /** A ledger that answers two seconds late. */
  private final class LateLedger implements Ledger {
    private final Ledger ledger = new LocalLedger(clock);

    @Override
    public Future<Booking> reserve(Owner owner, String model, long micros, Budgets budgets) {
      Future<Booking> booking = ledger.reserve(owner, model, micros, budgets);
      clock.move(Duration.ofSeconds(2));
      return booking;
    }

    @Override
    public Booking.Receipt open(Owner owner, String model) {
      return ledger.open(owner, model);
    }

    @Override
    public Future<UsageReport> usage(LocalDate from, LocalDate to) {
      return ledger.usage(from, to);
    }
  }

  @Test
  void whatIsRefusedForYesterdayMayBeTriedAgainAtOnce() {
    var limits =
        new AccountLimits(
            new LocalRates(1_000, clock),
            new LateLedger(),
            PriceTable.of(List.of(new Price("priced", 1_000_000, 1_000_000))),
            0,
            clock);
    limits.reserve(key(day(100)), "priced", 0, 60);
    clock.set("2026-11-25T23:59:59Z");
    var refused =
        assertInstanceOf(
            Admittance.Refused.class, limits.reserve(key(day(100)), "priced", 0, 60).result());
    assertEquals(1, assertInstanceOf(Failure.BudgetSpent.class, refused.failure()).retryAfterMs());
  }
}
