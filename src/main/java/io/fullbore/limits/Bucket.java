package io.fullbore.limits;

import io.fullbore.core.Account;
import io.fullbore.core.Allowance;
import java.util.ArrayList;
import java.util.List;

/**
 * One rate limit of one owner. A bucket is emptied by use and refilled evenly; a fresh one is full,
 * so that a whole minute's limit may be used at once.
 *
 * @param limit units per minute, or slots
 */
record Bucket(Owner owner, Kind kind, long limit) {
  /** The same limit for more than this would leave the range of exact numbers in Lua. */
  private static final long MAX_LIMIT = 100_000_000_000L;

  /** What is limited. */
  enum Kind {
    REQUESTS("requests", "requests per minute"),
    TOKENS("tokens", "tokens per minute"),
    SLOTS("slots", "concurrent requests");

    private final String key;
    private final String text;

    Kind(String key, String text) {
      this.key = key;
      this.text = text;
    }

    String text() {
      return text;
    }
  }

  Bucket {
    limit = Math.min(limit, MAX_LIMIT);
  }

  /** The buckets that each request takes one unit from. */
  static List<Bucket> ofRequest(Account account) {
    return of(account, Kind.REQUESTS, Kind.SLOTS);
  }

  /** The buckets that tokens are taken from. */
  static List<Bucket> ofTokens(Account account) {
    return of(account, Kind.TOKENS);
  }

  private static List<Bucket> of(Account account, Kind... kinds) {
    Allowance key = account.caller().key();
    Allowance user = account.user() == null ? Allowance.UNLIMITED : account.caller().user();
    if (key.equals(Allowance.UNLIMITED) && user.equals(Allowance.UNLIMITED)) {
      return List.of();
    }
    Owner owner = Owner.of(account);
    var buckets = new ArrayList<Bucket>(4);
    for (Kind kind : kinds) {
      addTo(buckets, owner.key(), kind, limit(key, kind));
      addTo(buckets, owner, kind, limit(user, kind));
    }
    return buckets;
  }

  private static void addTo(List<Bucket> buckets, Owner owner, Kind kind, long limit) {
    if (limit > 0) {
      buckets.add(new Bucket(owner, kind, limit));
    }
  }

  private static long limit(Allowance allowance, Kind kind) {
    return switch (kind) {
      case REQUESTS -> allowance.requestsPerMinute();
      case TOKENS -> allowance.tokensPerMinute();
      case SLOTS -> allowance.concurrentRequests();
    };
  }

  /** Names the bucket in Redis; all buckets of a key share a hash slot. */
  String key() {
    String user = owner.isUser() ? "user:" + owner.user() + ":" : "";
    return "rate_limit:{" + owner.keyId() + "}:" + user + kind.key;
  }

  /** The same with a share of the limit, which is never nothing. */
  Bucket share(int percent) {
    return new Bucket(owner, kind, Math.max(1, limit * percent / 100));
  }

  String text() {
    return "%s of %s: limit=%d".formatted(kind.text(), owner.text(), limit);
  }
}
