package io.fullbore.limits;

import io.fullbore.redis.RedisGate;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads back what {@link RedisLedger} has written. Apart from it, since a report is large: over the
 * gate that serves admissions it would make them late, and Redis would count as gone.
 *
 * <pre>
 *   usage --> one loop: day after day, page after page --HSCAN--> Redis
 *             a worker: parses and sorts
 * </pre>
 *
 * <p>A day is read in one page, and thus as of one moment, unless it has more than about {@link
 * #PAGE_FIELDS} fields; a longer page would make Redis itself too slow for admissions. One per
 * process; connects when it is first asked. Thread-safe; each future completes on its caller's
 * context.
 */
public final class RedisReports {
  private static final int PAGE_FIELDS = 4_000;
  private static final String FIRST_PAGE = "0";

  private final Vertx vertx;
  private final RedisGate gate;
  private final InstantSource clock;
  private final Context loop;

  /** Null until the first report; touched on the loop only. */
  private @Nullable Future<Void> started;

  /**
   * @param gate not started, and of this object's own: its timeout must leave Redis the time for a
   *     page of {@link #PAGE_FIELDS} fields
   */
  public RedisReports(Vertx vertx, RedisGate gate, InstantSource clock) {
    this.vertx = vertx;
    this.gate = gate;
    this.clock = clock;
    this.loop = vertx.getOrCreateContext();
  }

  /** As {@link Limits#usage}. */
  Future<UsageReport> usage(LocalDate from, LocalDate to) {
    LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
    LocalDate kept = today.minusDays(Ledger.KEPT_DAYS);
    LocalDate first = from.isBefore(kept) ? kept : from;
    LocalDate end = to.isAfter(today.plusDays(1)) ? today.plusDays(1) : to;
    return onLoop(
        () -> {
          var fields = new SpendFields();
          return start()
              .compose(ignored -> readDays(first, end, fields))
              .compose(ignored -> vertx.executeBlocking(fields::report));
        });
  }

  private Future<Void> start() {
    Future<Void> starting = started;
    if (starting == null) {
      starting = gate.start();
      started = starting;
    }
    return starting;
  }

  private Future<Void> readDays(LocalDate day, LocalDate end, SpendFields fields) {
    return day.isBefore(end)
        ? readPages(day, FIRST_PAGE, fields)
            .compose(ignored -> readDays(day.plusDays(1), end, fields))
        : Future.succeededFuture();
  }

  private Future<Void> readPages(LocalDate day, String cursor, SpendFields fields) {
    Request page =
        Request.cmd(Command.HSCAN)
            .arg(RedisLedger.key(day))
            .arg(cursor)
            .arg("COUNT")
            .arg(PAGE_FIELDS);
    return gate.send(page)
        .compose(answer -> vertx.executeBlocking(() -> read(day, answer, fields)))
        .compose(
            next ->
                next.equals(FIRST_PAGE) ? Future.succeededFuture() : readPages(day, next, fields));
  }

  /** Workers take the pages one by one. */
  private static String read(LocalDate day, Response answer, SpendFields fields) {
    fields.read(day, answer.get(1));
    return answer.get(0).toString();
  }

  public Future<Void> close() {
    return onLoop(gate::close);
  }

  private <T> Future<T> onLoop(Supplier<Future<T>> action) {
    Context caller = vertx.getOrCreateContext();
    Promise<T> done = Promise.promise();
    loop.runOnContext(
        ignored ->
            action
                .get()
                .onComplete(
                    (value, cause) ->
                        caller.runOnContext(alsoIgnored -> done.complete(value, cause))));
    return done.future();
  }
}
