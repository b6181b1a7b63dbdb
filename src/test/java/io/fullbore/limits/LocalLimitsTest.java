package io.fullbore.limits;

import static io.fullbore.limits.Accounts.day;
import static io.fullbore.limits.Accounts.key;
import static io.fullbore.limits.Accounts.requests;
import static io.fullbore.limits.Accounts.slots;
import static io.fullbore.limits.Accounts.tokens;
import static io.fullbore.limits.Accounts.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.config.GatewayConfig;
import io.fullbore.config.ServerConfig;
import io.fullbore.core.Account;
import io.fullbore.core.Allowance;
import io.fullbore.core.Failure;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LocalLimitsTest extends LimitsContract {
  private GatewayConfig.@Nullable Limits config;
  private LocalLimits shared =
      new LocalLimits(ServerConfig.defaults().limits(), PRICES, REQUEST_TIMEOUT_MS, clock);

  @Override
  Limits open(Vertx vertx, Context loop, GatewayConfig.Limits limits) {
    if (config != limits) {
      config = limits;
      shared = new LocalLimits(limits, PRICES, REQUEST_TIMEOUT_MS, clock);
    }
    return shared;
  }

  @Test
  void refillsEvenly() throws Exception {
    Account account = key(requests(7));
    for (int i = 0; i < 7; i++) {
      granted(admit(account));
    }
    assertEquals(8_572, refused(Failure.RateLimited.class, admit(account)).retryAfterMs());
    clock.move(Duration.ofMillis(8_571));
    assertEquals(1, refused(Failure.RateLimited.class, admit(account)).retryAfterMs());
    clock.move(Duration.ofMillis(1));
    granted(admit(account));
    clock.move(Duration.ofDays(1));
    for (int i = 0; i < 7; i++) {
      granted(admit(account));
    }
    refused(Failure.RateLimited.class, admit(account));
  }

  @Test
  void overLongTimesNeverAdmitsMoreThanTheRate() throws Exception {
    Account account = key(requests(10_007));
    int grantedCount = 0;
    for (int ms = 0; ms < 3_000; ms++) {
      while (admitNow(account)) {
        grantedCount++;
      }
      clock.move(Duration.ofMillis(1));
    }
    assertEquals(10_007 + 10_007 * 2_999L / 60_000, grantedCount);
  }

  private boolean admitNow(Account account) {
    return shared.admit(account).result() instanceof Admittance.Granted;
  }

  @Test
  void aClockThatGoesBackStopsTheRefillOnly() throws Exception {
    Account account = key(requests(1));
    granted(admit(account));
    clock.move(Duration.ofHours(-1));
    refused(Failure.RateLimited.class, admit(account));
    clock.move(Duration.ofMinutes(1));
    granted(admit(account));
  }

  @Test
  void aForgottenSlotExpires() throws Exception {
    Account account = key(slots(1));
    granted(admit(account));
    clock.move(Duration.ofMillis(SLOT_LIFE_MS - 1));
    refused(Failure.RateLimited.class, admit(account));
    clock.move(Duration.ofMillis(1));
    granted(admit(account));
  }

  @Test
  void idleBucketsAreForgotten() throws Exception {
    for (int i = 0; i < 1_000; i++) {
      assertTrue(admitNow(user(Allowance.UNLIMITED, requests(60), "user" + i)));
    }
    assertEquals(1_000, shared.rates().bucketCount());
    clock.move(Duration.ofSeconds(1));
    for (int i = 0; i < 1_000; i++) {
      admitNow(user(Allowance.UNLIMITED, requests(60), "user"));
      clock.move(Duration.ofSeconds(1));
    }
    assertEquals(1, shared.rates().bucketCount());
  }

  @Test
  void usersBeyondTheMostAreCountedTogether() throws Exception {
    Allowance allowance = day(10);
    for (int i = 0; i < SpendTable.MAX_ENTRIES; i++) {
      reserveNow(user(Allowance.UNLIMITED, allowance, "user" + i));
    }
    refused(
        Failure.BudgetSpent.class, reserveNow(user(Allowance.UNLIMITED, allowance, "one more")));
    List<SpendTotal> totals = usage().totals();
    assertTrue(totals.size() <= SpendTable.MAX_ENTRIES + 1);
    assertEquals(
        10,
        totals.stream()
            .filter(total -> Owner.OTHERS.equals(total.user()))
            .mapToLong(SpendTotal::costMicros)
            .sum());
  }

  private Admittance reserveNow(Account account) {
    return shared.reserve(account, PRICED, 0, 10).result();
  }

  @Test
  void tokensGivenBackLateMayBeUsedThen() throws Exception {
    Account account = key(tokens(60));
    Admittance first = reserve(account, FREE, 0, 60);
    clock.move(Duration.ofMinutes(1));
    Admittance second = reserve(account, FREE, 0, 60);
    settle(first, 0, 30);
    refused(Failure.RateLimited.class, reserve(account, FREE, 0, 31));
    granted(reserve(account, FREE, 0, 30));
    release(second);
  }
}
