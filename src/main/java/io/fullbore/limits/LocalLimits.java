package io.fullbore.limits;

import io.fullbore.config.GatewayConfig;
import io.fullbore.core.Account;
import io.vertx.core.Future;
import java.time.InstantSource;
import java.time.LocalDate;

/**
 * Limits that this process keeps by itself: all of them where there is no Redis, and what {@link
 * RedisLimits} falls back on while it is gone. One per process; thread-safe, and every answer is
 * there at once.
 */
public final class LocalLimits implements Limits {
  private final LocalRates rates;
  private final LocalLedger ledger;
  private final Limits rules;

  /**
   * @param requestTimeoutMs the longest that a request may take; it keeps its slot for as long
   */
  public LocalLimits(
      GatewayConfig.Limits limits, PriceTable prices, long requestTimeoutMs, InstantSource clock) {
    rates = new LocalRates(requestTimeoutMs, clock);
    ledger = new LocalLedger(clock);
    rules = new AccountLimits(rates, ledger, prices, limits.dailyCeilingMicros(), clock);
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

  LocalRates rates() {
    return rates;
  }

  LocalLedger ledger() {
    return ledger;
  }
}
