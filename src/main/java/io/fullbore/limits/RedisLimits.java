package io.fullbore.limits;

import io.fullbore.config.GatewayConfig;
import io.fullbore.core.Account;
import io.fullbore.redis.RedisGate;
import io.vertx.core.Future;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.List;
import java.util.stream.Stream;

/**
 * Limits that all nodes share through Redis. One per event loop, and confined to it.
 *
 * <p>While Redis is gone:
 *
 * <ul>
 *   <li>each rate limit holds at a share of it, in this process;
 *   <li>what a budget holds for is refused, or comes out of this node's lease;
 *   <li>what costs nothing and what nothing limits goes on as ever: it never asks Redis, and is
 *       only counted there at its end.
 * </ul>
 */
public final class RedisLimits implements Limits {
  private final Limits rules;

  /**
   * @param reports the one of the process
   * @param fallback the one of the process, shared by its event loops
   * @param clock by which days begin; rates go by Redis's own
   */
  public RedisLimits(
      RedisGate gate,
      RedisReports reports,
      LocalLimits fallback,
      GatewayConfig.Limits limits,
      PriceTable prices,
      InstantSource clock) {
    var redis =
        new ScriptRunner(
            gate, Stream.of(RateScripts.ALL, LedgerScripts.ALL).flatMap(List::stream).toList());
    long leaseMicros =
        switch (limits.moneyFallback()) {
          case CLOSED -> 0;
          case LEASE -> leaseMicros(limits);
        };
    rules =
        new AccountLimits(
            new RedisRates(redis, fallback.rates(), limits.fallbackPercent()),
            new RedisLedger(redis, reports, fallback.ledger(), leaseMicros, clock),
            prices,
            limits.dailyCeilingMicros(),
            clock);
  }

  /** What all nodes together may spend bounds what one may. */
  private static long leaseMicros(GatewayConfig.Limits limits) {
    return limits.dailyCeilingMicros() == 0
        ? limits.leaseMicros()
        : Math.min(limits.leaseMicros(), limits.dailyCeilingMicros());
  }

  @Override
  public Future<Admittance> admit(Account account) {
    return rules.admit(account);
  }

  @Override
  public Future<Admittance> reserve(
      Account account, String model, long promptTokens, long maxAnswerTokens) {
    return rules.reserve(account, model, promptTokens, maxAnswerTokens);
  }

  @Override
  public Future<UsageReport> usage(LocalDate from, LocalDate to) {
    return rules.usage(from, to);
  }
}
