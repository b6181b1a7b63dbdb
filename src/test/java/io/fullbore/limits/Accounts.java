package io.fullbore.limits;

import io.fullbore.core.Account;
import io.fullbore.core.Allowance;
import io.fullbore.core.CachePolicy;
import io.fullbore.core.Caller;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Accounts for tests. */
final class Accounts {
  private Accounts() {}

  static Allowance requests(long perMinute) {
    return new Allowance(perMinute, 0, 0, 0, 0);
  }

  static Allowance tokens(long perMinute) {
    return new Allowance(0, perMinute, 0, 0, 0);
  }

  static Allowance slots(long count) {
    return new Allowance(0, 0, count, 0, 0);
  }

  static Allowance day(long micros) {
    return new Allowance(0, 0, 0, micros, 0);
  }

  static Allowance month(long micros) {
    return new Allowance(0, 0, 0, 0, micros);
  }

  static Account key(Allowance key) {
    return user(key, Allowance.UNLIMITED, null);
  }

  static Account user(Allowance key, Allowance user, @Nullable String name) {
    return of("key", key, user, name);
  }

  static Account named(String keyId, Allowance key) {
    return of(keyId, key, Allowance.UNLIMITED, null);
  }

  private static Account of(String keyId, Allowance key, Allowance user, @Nullable String name) {
    return new Account(
        new Caller(keyId, "owner", Set.of(), key, user, CachePolicy.DEFAULT, true, Set.of()), name);
  }
}
