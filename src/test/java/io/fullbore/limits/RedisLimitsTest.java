package io.fullbore.limits;

import static io.fullbore.limits.Accounts.day;
import static io.fullbore.limits.Accounts.key;
import static io.fullbore.limits.Accounts.named;
import static io.fullbore.limits.Accounts.requests;
import static io.fullbore.limits.Accounts.slots;
import static io.fullbore.limits.Accounts.tokens;
import static io.fullbore.limits.Accounts.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.config.GatewayConfig;
import io.fullbore.config.GatewayConfig.MoneyFallback;
import io.fullbore.core.Account;
import io.fullbore.core.Allowance;
import io.fullbore.core.Failure;
import io.fullbore.limits.ScriptRunner.Run;
import io.fullbore.redis.RedisDownException;
import io.fullbore.redis.RedisGate;
import io.fullbore.redis.RedisOutage;
import io.fullbore.redis.RedisServer;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RedisLimitsTest extends LimitsContract {
  private static final LocalDate TODAY = LocalDate.of(2026, 11, 25);

  /** Long enough for a busy machine; a frozen Redis costs it once per connection. */
  private static final long TIMEOUT_MS = 1_000;

  private @Nullable RedisServer server;
  private final List<Opened> opened = new ArrayList<>();

  private record Opened(Context loop, RedisGate gate, RedisReports reports) {
    <T> T on(Supplier<Future<T>> action) throws Exception {
      Promise<T> done = Promise.promise();
      loop.runOnContext(ignored -> action.get().onComplete(done));
      return await(done.future());
    }
  }

  @Override
  Limits open(Vertx vertx, Context loop, GatewayConfig.Limits limits) throws Exception {
    if (opened.size() == NODE_COUNT) {
      closeGates();
    }
    var made = new Opened(loop, gate(vertx), new RedisReports(vertx, gate(vertx), clock));
    opened.add(made);
    var local = new LocalLimits(limits, PRICES, REQUEST_TIMEOUT_MS, clock);
    var shared = new RedisLimits(made.gate(), made.reports(), local, limits, PRICES, clock);
    made.on(made.gate()::start);
    return shared;
  }

  private RedisGate gate(Vertx vertx) throws Exception {
    return new RedisGate(
        vertx,
        new RedisOptions().setConnectionString(redis().url()),
        TIMEOUT_MS,
        new RedisOutage());
  }

  private RedisServer redis() throws Exception {
    RedisServer running = server;
    if (running == null) {
      running = RedisServer.start();
      server = running;
    }
    return running;
  }

  @AfterEach
  void closeRedis() throws Exception {
    closeGates();
    redis().close();
  }

  private void closeGates() throws Exception {
    for (Opened one : opened) {
      one.on(one.gate()::close);
      await(one.reports().close());
    }
    opened.clear();
  }

  private void awaitUp(boolean up) throws Exception {
    for (Opened one : opened) {
      while (one.on(() -> Future.succeededFuture(one.gate().up())) != up) {
        Thread.onSpinWait();
      }
    }
  }

  /** Redis answers a connection's commands in their order. */
  @Override
  void awaitCounted() throws Exception {
    for (Opened one : opened) {
      one.on(() -> one.gate().send(Request.cmd(Command.PING)).otherwiseEmpty());
    }
  }

  private Response send(Command command, String... arguments) throws Exception {
    Request request = Request.cmd(command);
    for (String argument : arguments) {
      request.arg(argument);
    }
    Opened first = opened.getFirst();
    return first.on(() -> first.gate().send(request));
  }

  private long spentMicros() throws Exception {
    return usage().rows().stream().mapToLong(SpendRow::costMicros).sum();
  }

  /** Reports come over connections of their own, each of which comes back by itself. */
  private void awaitSpent(long micros) throws Exception {
    while (!reportsAnswer() || spentMicros() != micros) {
      Thread.onSpinWait();
    }
  }

  private boolean reportsAnswer() throws Exception {
    try {
      usage();
      return true;
    } catch (RedisDownException e) {
      return false;
    }
  }

  @Test
  void refillsByRedissOwnTime() throws Exception {
    Account account = key(tokens(60_000));
    granted(reserve(account, FREE, 0, 60_000));
    var failure = refused(Failure.RateLimited.class, reserve(account, FREE, 0, 60_000));
    assertTrue(failure.retryAfterMs() > 50_000 && failure.retryAfterMs() <= 60_000);
    while (reserve(account, FREE, 0, 10) instanceof Admittance.Refused) {
      Thread.onSpinWait();
    }
  }

  @Test
  void hugeLimitsAreExact() throws Exception {
    Account account = key(tokens(90_000_000_000L));
    var headers = reserve(account, FREE, 1, 89_999_999_998L).headers().values();
    long remaining = Long.parseLong(headers.getOrDefault("x-ratelimit-remaining-tokens", ""));
    assertEquals(1, remaining);
    assertEquals("1m0s", headers.get("x-ratelimit-reset-tokens"));
  }

  @Test
  void everyKeyExpiresAndNamesItsHashSlot() throws Exception {
    Account account =
        user(new Allowance(9, 900, 9, 900, 900), new Allowance(9, 900, 9, 900, 900), "a user}");
    granted(admit(account));
    granted(reserve(account, PRICED, 1, 1));
    var names = new ArrayList<String>();
    for (Response name : send(Command.KEYS, "*")) {
      names.add(name.toString());
      assertTrue(send(Command.PTTL, name.toString()).toLong() > 0, name::toString);
    }
    assertEquals(9, names.size());
    for (String name : names) {
      assertTrue(
          name.matches("rate_limit:\\{key}:(user:~[0-9a-f]{32}:)?(requests|tokens|slots)")
              || name.matches("budget:\\{budget}:(day:2026-11-25(:open)?|month:2026-11)"),
          name);
    }
  }

  @Test
  void whatNothingLimitsNeverAsksRedis() throws Exception {
    redis().freeze();
    assertTrue(whatNothingLimitsIsGranted());
    redis().thaw();
  }

  @Test
  void whileFrozenEachNodeGrantsItsShare() throws Exception {
    Account account = key(requests(8));
    redis().freeze();
    assertEquals(3 * 4, grantedOf(20, limits -> limits.admit(account)));
    redis().thaw();
    awaitUp(true);
    // What the frozen Redis had been sent counts there, so another key shows that it is asked.
    assertEquals(7, grantedOf(20, limits -> limits.admit(named("another", requests(7)))));
  }

  @Test
  void withoutRedisAShareIsAtLeastOneAndHugeRequestsStillPass() throws Exception {
    redis().kill();
    awaitUp(false);
    granted(admit(key(requests(1))));
    refused(Failure.RateLimited.class, admit(key(requests(1))));
    granted(reserve(key(tokens(100)), FREE, 0, 80));
    var failure = refused(Failure.RateLimited.class, reserve(key(tokens(100)), FREE, 0, 80));
    assertTrue(failure.retryAfterMs() <= 96_000);
  }

  @Test
  void withoutRedisMoneyIsRefusedAndTheRestGoesOn() throws Exception {
    redis().kill();
    awaitUp(false);
    var failure = refused(Failure.Unavailable.class, reserve(key(day(1_000)), PRICED, 1, 1));
    assertTrue(failure.message().contains("Budgets cannot be checked"));
    assertTrue(whatNothingLimitsIsGranted());
    assertThrows(RedisDownException.class, this::usage);
    redis().restart();
    awaitUp(true);
    granted(reserve(key(day(1_000)), PRICED, 1, 1));
  }

  @Test
  void aLeaseIsSpentAndToldToRedisAfterwards() throws Exception {
    open(new GatewayConfig.Limits(0, 50, MoneyFallback.LEASE, 100));
    redis().kill();
    awaitUp(false);
    Account account = key(day(90));
    settle(reserve(account, PRICED, 20, 40), 20, 10);
    granted(reserve(account, PRICED, 0, 60));
    refused(Failure.BudgetSpent.class, reserve(account, PRICED, 0, 60));
    refused(Failure.Unavailable.class, reserve(named("another", day(90)), PRICED, 0, 60));
    granted(reserve(named("another", day(90)), PRICED, 0, 10));
    redis().restart();
    awaitUp(true);
    awaitSpent(30);
    refused(Failure.BudgetSpent.class, reserve(account, PRICED, 0, 61));
  }

  @Test
  void aLeaseIsNoMoreThanTheCeiling() throws Exception {
    open(new GatewayConfig.Limits(60, 50, MoneyFallback.LEASE, 100));
    redis().kill();
    awaitUp(false);
    granted(reserve(key(day(100)), PRICED, 0, 60));
    refused(Failure.Unavailable.class, reserve(key(day(100)), PRICED, 0, 1));
  }

  @Test
  void whatEndsDuringAnOutageIsWrittenAfterItOnce() throws Exception {
    Account account = key(new Allowance(0, 0, 1, 1_000, 0));
    Admittance slot = admit(account);
    Admittance unknown = reserve(account, PRICED, 50, 50);
    Admittance unsent = reserve(account, PRICED, 50, 50);
    settle(reserve(account, FREE, 50, 50), 0, 0);
    assertEquals(200, spentMicros());
    redis().freeze();
    release(slot);
    settle(unknown, 10, 10);
    awaitFirstDown();
    settle(unsent, 5, 5);
    redis().thaw();
    awaitUp(true);
    awaitSpent(30);
    assertEquals(3, usage().rows().stream().mapToLong(SpendRow::requests).sum());
    granted(admit(account));
  }

  private void awaitFirstDown() throws Exception {
    Opened first = opened.getFirst();
    while (first.on(() -> Future.succeededFuture(first.gate().up()))) {
      Thread.onSpinWait();
    }
  }

  @Test
  void whatAFrozenRedisHeardTooLateIsUndone() throws Exception {
    Account account = key(new Allowance(0, 0, 1, 1_000, 0));
    redis().freeze();
    Future<Admittance> both =
        Future.join(
                begin(limits -> limits.admit(account)),
                begin(limits -> limits.reserve(account, PRICED, 50, 50)))
            .map(results -> results.resultAt(1));
    refused(Failure.Unavailable.class, await(both));
    redis().thaw();
    awaitUp(true);
    awaitSpent(0);
    granted(admit(account));
  }

  @Test
  void whatManyRequestsUsedDuringAnOutageIsWrittenAfterIt() throws Exception {
    redis().kill();
    awaitUp(false);
    for (int i = 0; i < 1_000; i++) {
      settle(reserve(Account.ANONYMOUS, PRICED, 1, 1), 1, 1);
    }
    redis().restart();
    awaitUp(true);
    awaitSpent(2_000);
    assertEquals(
        List.of(new SpendRow(TODAY, "anonymous", null, PRICED, 1_000, 1_000, 1_000, 2_000)),
        usage().rows());
  }

  @Test
  void aFullRedisCountsAsGone() throws Exception {
    send(Command.CONFIG, "SET", "maxmemory", "1");
    granted(admit(key(requests(2))));
    refused(Failure.RateLimited.class, admit(key(requests(2))));
    refused(Failure.Unavailable.class, reserve(key(day(1_000)), PRICED, 1, 1));
    send(Command.CONFIG, "SET", "maxmemory", "0");
    granted(reserve(key(day(1_000)), PRICED, 1, 1));
  }

  @Test
  void aSettlementCountsOnceInWhateverOrderItIsRepeated() throws Exception {
    for (List<String> words : List.of(List.of("first", "again"), List.of("again", "first"))) {
      granted(reserve(key(day(1_000)), PRICED, 0, 100));
      String day = "budget:{budget}:day:" + TODAY;
      String id = send(Command.HKEYS, day + ":open").get(0).toString();
      for (String word : words) {
        Run settlement =
            new Run(
                LedgerScripts.SETTLE,
                List.of(day, "budget:{budget}:month:2026-11", day + ":open"),
                List.of(id, "30", "key", "", PRICED, "1", "0", "30", word));
        Opened first = opened.getFirst();
        first.on(
            () ->
                first.gate().eval(settlement.script(), settlement.keys(), settlement.arguments()));
      }
    }
    assertEquals(List.of(new SpendRow(TODAY, "key", null, PRICED, 2, 0, 60, 60)), usage().rows());
  }

  @Test
  void whatABusyRedisRefusesIsWrittenLater() throws Exception {
    send(Command.CONFIG, "SET", "lua-time-limit", "1");
    Opened other = opened.getLast();
    Request endless = Request.cmd(Command.EVAL).arg("while true do end").arg(0);
    other.loop().runOnContext(ignored -> other.gate().send(endless));
    while (!refusesPing()) {
      Thread.onSpinWait();
    }
    settle(reserve(Account.ANONYMOUS, PRICED, 1, 1), 1, 1);
    awaitCounted();
    send(Command.SCRIPT, "KILL");
    awaitSpent(2);
  }

  private boolean refusesPing() throws Exception {
    Opened first = opened.getFirst();
    return first.on(
        () ->
            first
                .gate()
                .send(Request.cmd(Command.PING))
                .map(false)
                .otherwise(cause -> cause instanceof ErrorType));
  }

  @Test
  void forgottenSlotsExpire() throws Exception {
    granted(admit(key(slots(1))));
    String bucket = "rate_limit:{key}:slots";
    long lifeMs = send(Command.PTTL, bucket).toLong();
    assertTrue(lifeMs > REQUEST_TIMEOUT_MS && lifeMs <= SLOT_LIFE_MS);
    Response slot = send(Command.ZRANGE, bucket, "0", "-1");
    send(Command.ZADD, bucket, "1", slot.get(0).toString());
    granted(admit(key(slots(1))));
  }

  @Test
  void usersBeyondTheMostAreCountedTogether() throws Exception {
    send(
        Command.EVAL,
        "for i = 1, %d do redis.call('HSET', KEYS[1], 't other ' .. i, 0) end"
            .formatted(LedgerScripts.MAX_FIELDS),
        "1",
        "budget:{budget}:day:2026-11-25");
    granted(reserve(user(Allowance.UNLIMITED, day(10), "a"), PRICED, 0, 10));
    refused(
        Failure.BudgetSpent.class, reserve(user(Allowance.UNLIMITED, day(10), "b"), PRICED, 0, 10));
    assertEquals(
        List.of(new SpendRow(TODAY, "key", Owner.OTHERS, PRICED, 0, 0, 0, 10)), usage().rows());
  }

  @Test
  void aLongReportLeavesAdmissionsAlone() throws Exception {
    send(
        Command.EVAL,
        """
        for i = 1, 50000 do
          redis.call('HSET', KEYS[1], 't key ' .. i, 1, 'c key ' .. i .. ' model', 1)
        end
        """,
        "1",
        "budget:{budget}:day:2026-11-24");
    Future<UsageReport> report = begin(limits -> limits.usage(LocalDate.MIN, LocalDate.MAX));
    while (!report.isComplete()) {
      granted(admit(named("admitted", requests(1_000_000))));
    }
    assertEquals(50_000, await(report).rows().size());
    assertEquals(50_000, await(report).totals().size());
    assertTrue(opened.getFirst().on(() -> Future.succeededFuture(opened.getFirst().gate().up())));
  }
}
