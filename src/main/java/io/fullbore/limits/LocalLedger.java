package io.fullbore.limits;

import io.fullbore.core.Usage;
import io.vertx.core.Future;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.TreeMap;

/**
 * The ledger of this process. Thread-safe: event loops share one, and hold its lock for well under
 * a microsecond. Days and months that can no longer be asked for are forgotten.
 */
final class LocalLedger implements Ledger {
  private final InstantSource clock;
  private final TreeMap<LocalDate, SpendTable> days = new TreeMap<>();
  private final TreeMap<YearMonth, SpendTable> months = new TreeMap<>();

  LocalLedger(InstantSource clock) {
    this.clock = clock;
  }

  @Override
  public Future<Booking> reserve(Owner owner, String model, long micros, Budgets budgets) {
    return Future.succeededFuture(reserveNow(owner, model, micros, budgets));
  }

  private synchronized Booking reserveNow(Owner owner, String model, long micros, Budgets budgets) {
    Window window = window();
    for (Budget budget : Budget.values()) {
      long limit = budgets.limit(budget);
      if (limit > 0 && window.of(budget).micros(budget.owner(owner)) + micros > limit) {
        return new Booking.Spent(budget, window.date());
      }
    }
    window.add(owner, model, micros);
    return new Booking.Booked(new LocalReceipt(window, owner, model, micros));
  }

  @Override
  public synchronized Booking.Receipt open(Owner owner, String model) {
    return new LocalReceipt(window(), owner, model, 0);
  }

  @Override
  public synchronized Future<UsageReport> usage(LocalDate from, LocalDate to) {
    var rows = new ArrayList<SpendRow>();
    var totals = new ArrayList<SpendTotal>();
    if (from.isBefore(to)) {
      days.subMap(from, to)
          .forEach(
              (day, table) -> {
                rows.addAll(table.rows(day));
                totals.addAll(table.totals(day));
              });
    }
    return Future.succeededFuture(new UsageReport(rows, totals));
  }

  private Window window() {
    LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
    days.headMap(today.minusDays(KEPT_DAYS)).clear();
    months.headMap(YearMonth.from(today).minusMonths(1)).clear();
    return new Window(
        today,
        days.computeIfAbsent(today, ignored -> new SpendTable()),
        months.computeIfAbsent(YearMonth.from(today), ignored -> new SpendTable()));
  }

  /** The day and the month in which an entry was begun. */
  private record Window(LocalDate date, SpendTable day, SpendTable month) {
    SpendTable of(Budget budget) {
      return budget.monthly() ? month : day;
    }

    void add(Owner owner, String model, long micros) {
      day.add(owner, micros);
      month.add(owner, micros);
      day.addLine(owner, model, 0, 0, 0, micros);
    }
  }

  private final class LocalReceipt implements Booking.Receipt {
    private final Window window;
    private final Owner owner;
    private final String model;
    private final long reservedMicros;

    LocalReceipt(Window window, Owner owner, String model, long reservedMicros) {
      this.window = window;
      this.owner = owner;
      this.model = model;
      this.reservedMicros = reservedMicros;
    }

    @Override
    public void settle(long micros, Usage usage) {
      synchronized (LocalLedger.this) {
        window.add(owner, model, micros - reservedMicros);
        window.day().addLine(owner, model, 1, usage.promptTokens(), usage.completionTokens(), 0);
      }
    }

    @Override
    public void release() {
      synchronized (LocalLedger.this) {
        window.add(owner, model, -reservedMicros);
      }
    }
  }
}
