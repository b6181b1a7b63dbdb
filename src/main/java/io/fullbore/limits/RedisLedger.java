package io.fullbore.limits;

import io.fullbore.core.Usage;
import io.fullbore.limits.ScriptRunner.Run;
import io.fullbore.redis.RedisScript;
import io.vertx.core.Future;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * The ledger in Redis, shared by all nodes. While Redis is gone, money is refused or comes out of
 * this node's lease for the day; what ends meanwhile is written when Redis is back. Confined to an
 * event loop.
 */
final class RedisLedger implements Ledger {
  private static final Usage NOTHING = new Usage(0, 0, 0);

  private final ScriptRunner redis;
  private final RedisReports reports;
  private final Ledger lease;
  private final long leaseMicros;
  private final InstantSource clock;
  private final String node = UUID.randomUUID().toString();
  private long lastReservation;

  /**
   * @param reports shared by the event loops of the node
   * @param lease shared by the event loops of the node
   * @param leaseMicros 0 where money is refused while Redis is gone
   */
  RedisLedger(
      ScriptRunner redis,
      RedisReports reports,
      Ledger lease,
      long leaseMicros,
      InstantSource clock) {
    this.redis = redis;
    this.reports = reports;
    this.lease = lease;
    this.leaseMicros = leaseMicros;
    this.clock = clock;
  }

  @Override
  public Future<Booking> reserve(Owner owner, String model, long micros, Budgets budgets) {
    var entry = new Entry(today(), node + "-" + ++lastReservation, owner, model);
    return redis
        .ask(entry.reserve(micros, budgets), entry.release())
        .compose(
            answer ->
                answer.isPresent()
                    ? Future.succeededFuture(booking(answer.get().toInteger(), entry))
                    : lend(owner, model, micros, budgets));
  }

  private Booking booking(int exceeded, Entry entry) {
    return exceeded == 0
        ? new Booking.Booked(new RedisReceipt(entry))
        : new Booking.Spent(Budget.values()[exceeded - 1], entry.day());
  }

  private Future<Booking> lend(Owner owner, String model, long micros, Budgets budgets) {
    if (leaseMicros == 0) {
      return Future.succeededFuture(new Booking.Unknown());
    }
    return lease
        .reserve(owner, model, micros, budgets.withEverybodyDay(leaseMicros))
        .map(
            booking ->
                switch (booking) {
                  case Booking.Booked booked ->
                      new Booking.Booked(new LeaseReceipt(booked.receipt(), open(owner, model)));
                  case Booking.Spent spent ->
                      spent.budget() == Budget.EVERYBODY_DAY ? new Booking.Unknown() : spent;
                  case Booking.Unknown unknown -> unknown;
                });
  }

  @Override
  public Booking.Receipt open(Owner owner, String model) {
    return new OpenReceipt(new Entry(today(), "", owner, model));
  }

  @Override
  public Future<UsageReport> usage(LocalDate from, LocalDate to) {
    return reports.usage(from, to);
  }

  private LocalDate today() {
    return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
  }

  /** Names the hash of a day. */
  static String key(LocalDate day) {
    return "budget:{budget}:day:" + day;
  }

  /**
   * One entry of the ledger, with the scripts that write it.
   *
   * @param day the one it was begun on
   * @param id of the reservation; empty where there is none
   */
  private record Entry(LocalDate day, String id, Owner owner, String model) {
    Run reserve(long micros, Budgets budgets) {
      return run(
          LedgerScripts.RESERVE,
          micros,
          Stream.of(Budget.values()).map(budget -> Long.toString(budgets.limit(budget))));
    }

    /** Changes nothing where there is no such reservation. */
    Run release() {
      return settle(0, 0, NOTHING, "release");
    }

    /**
     * @param word of {@link LedgerScripts#SETTLE}
     */
    Run settle(long micros, int requests, Usage usage, String word) {
      return run(
          LedgerScripts.SETTLE,
          micros,
          Stream.of(
              Integer.toString(requests),
              Integer.toString(usage.promptTokens()),
              Integer.toString(usage.completionTokens()),
              word));
    }

    private Run run(RedisScript script, long micros, Stream<String> more) {
      return new Run(
          script,
          List.of(key(day), "budget:{budget}:month:" + YearMonth.from(day), key(day) + ":open"),
          Stream.concat(
                  Stream.of(id, Long.toString(micros), owner.keyId(), owner.user(), model), more)
              .toList());
    }
  }

  /** Of money reserved in Redis. */
  private final class RedisReceipt implements Booking.Receipt {
    private final Entry entry;

    RedisReceipt(Entry entry) {
      this.entry = entry;
    }

    @Override
    public void settle(long micros, Usage usage) {
      redis.tell(entry.settle(micros, 1, usage, "first"), entry.settle(micros, 1, usage, "again"));
    }

    @Override
    public void release() {
      redis.tell(entry.release(), entry.release());
    }
  }

  /** Of a request that nothing is reserved for; counted once or, rarely, not at all. */
  private final class OpenReceipt implements Booking.Receipt {
    private final Entry entry;

    OpenReceipt(Entry entry) {
      this.entry = entry;
    }

    @Override
    public void settle(long micros, Usage usage) {
      redis.tell(entry.settle(micros, 1, usage, "first"), null);
    }

    @Override
    public void release() {}
  }

  /** Of money out of the lease, which Redis is told of in the end. */
  private record LeaseReceipt(Booking.Receipt lent, Booking.Receipt told)
      implements Booking.Receipt {
    @Override
    public void settle(long micros, Usage usage) {
      lent.settle(micros, usage);
      told.settle(micros, usage);
    }

    @Override
    public void release() {
      lent.release();
      told.release();
    }
  }
}
