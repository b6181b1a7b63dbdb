package io.fullbore.config;

import static io.fullbore.config.ByteSize.GIB;
import static io.fullbore.config.ByteSize.KIB;
import static io.fullbore.config.ByteSize.MIB;
import static io.fullbore.config.ByteSize.TIB;

import org.jspecify.annotations.Nullable;

/**
 * The part of {@link ServerConfig} that stands before the engine: who may call, what is remembered,
 * and what may be used and spent. Each record stands beside its {@link Section}, as there.
 */
public final class GatewayConfig {
  private static final long DAY_MS = 86_400_000;
  private static final long YEAR_MS = 365 * DAY_MS;

  /** A billion of the currency: sums of thousands still fit a long. */
  private static final long MAX_MICROS = 1_000_000_000_000_000L;

  private GatewayConfig() {}

  /** Who may call. */
  public record Auth(@Nullable String adminKey, @Nullable String keysPath) {
    static final Section<Auth> SECTION =
        Section.of(
            Auth.class,
            "Who may call.",
            Field.optionalText(
                "adminKey",
                "Secret for `/admin`; best given as FULLBORE_AUTH_ADMIN_KEY. Without one `/admin`"
                    + " is off."),
            Field.optionalText(
                "keysPath",
                "JSON file that holds the API keys, hashed. Without it and without Redis, keys"
                    + " last as long as the process."));

    public Auth {
      SECTION.check(adminKey, keysPath);
    }

    /** Without the secret. */
    @Override
    public String toString() {
      return "Auth[adminKey=%s, keysPath=%s]"
          .formatted(adminKey == null ? null : "(set)", keysPath);
    }
  }

  /** How the addresses of Redis are to be understood. */
  public enum RedisMode {
    SINGLE,
    SENTINEL,
    CLUSTER
  }

  /** The Redis that nodes share. */
  public record Redis(
      @Nullable String url, RedisMode mode, @Nullable String masterName, long timeoutMs) {
    static final Section<Redis> SECTION =
        Section.of(
            Redis.class,
            "The Redis that nodes share.",
            Field.optionalText(
                "url",
                "`redis://[:password@]host:port[/database]`, with commas between several;"
                    + " without it everything is local."),
            Field.choice("mode", RedisMode.SINGLE, "What the addresses are."),
            Field.optionalText("masterName", "The master's name, where Sentinels are asked."),
            Field.whole(
                "timeoutMs",
                40,
                1,
                10_000,
                "A Redis that does not answer for so long counts as gone until it answers again."));

    public Redis {
      SECTION.check(url, mode, masterName, timeoutMs);
    }

    /** Without the URL, which may hold a password. */
    @Override
    public String toString() {
      return "Redis[url=%s, mode=%s, masterName=%s, timeoutMs=%d]"
          .formatted(url == null ? null : "(set)", mode, masterName, timeoutMs);
    }
  }

  /** The answer cache. */
  public record Cache(
      boolean enabled,
      long maxBytes,
      long maxAnswerBytes,
      long localTtlMs,
      long ttlMs,
      long frequentTtlMs,
      int frequentHits,
      int knowledgeEntries,
      long leaseMs) {
    static final Section<Cache> SECTION =
        Section.of(
            Cache.class,
            "The answer cache.",
            Field.flag("enabled", true, "Remember answers that are the same every time."),
            Field.bytes("maxBytes", 64 * MIB, 0, TIB, "What the answers in this process may take."),
            Field.bytes("maxAnswerBytes", MIB, KIB, GIB, "A longer answer is not remembered."),
            Field.whole(
                "localTtlMs", 300_000, 1, DAY_MS, "How long this process remembers an answer."),
            Field.whole("ttlMs", 1_800_000, 1, YEAR_MS, "How long Redis remembers an answer."),
            Field.whole(
                "frequentTtlMs", DAY_MS, 1, YEAR_MS, "How long Redis remembers a frequent one."),
            Field.whole(
                "frequentHits", 5, 1, 1_000_000, "So many hits in Redis make an answer frequent."),
            Field.whole(
                "knowledgeEntries",
                10_000,
                0,
                10_000_000,
                "Most answers of the knowledge base, which do not expire; the oldest goes first."),
            Field.whole(
                "leaseMs",
                1_000,
                0,
                60_000,
                "So long other nodes wait for the one that computes the same answer."));

    public Cache {
      SECTION.check(
          enabled,
          maxBytes,
          maxAnswerBytes,
          localTtlMs,
          ttlMs,
          frequentTtlMs,
          frequentHits,
          knowledgeEntries,
          leaseMs);
    }
  }

  /** What becomes of money when Redis cannot be asked. */
  public enum MoneyFallback {
    /** Requests that cost something are refused. */
    CLOSED,
    /** Each node may spend a lease of its own. */
    LEASE
  }

  /** Limits that hold for everybody. Limits of a key stand with the key. */
  public record Limits(
      long dailyCeilingMicros, int fallbackPercent, MoneyFallback moneyFallback, long leaseMicros) {
    static final Section<Limits> SECTION =
        Section.of(
            Limits.class,
            "Limits that hold for everybody.",
            Field.whole(
                "dailyCeilingMicros",
                0,
                0,
                MAX_MICROS,
                "Most money that all callers together may spend in a UTC day, in millionths; 0 is"
                    + " no limit."),
            Field.whole(
                "fallbackPercent",
                50,
                1,
                100,
                "The share of each rate limit that a node grants by itself while Redis is gone."),
            Field.choice(
                "moneyFallback",
                MoneyFallback.CLOSED,
                "While Redis is gone: refuse what costs money, or spend a lease."),
            Field.whole(
                "leaseMicros",
                1_000_000,
                0,
                MAX_MICROS,
                "Most money that a node may spend in a UTC day while Redis is gone."));

    public Limits {
      SECTION.check(dailyCeilingMicros, fallbackPercent, moneyFallback, leaseMicros);
    }
  }

  /** What a model's tokens cost. */
  public record Price(String model, long promptMicrosPerMillion, long answerMicrosPerMillion) {
    static final Section<Price> SECTION =
        Section.of(
            Price.class,
            "What tokens cost; models that are not listed cost nothing.",
            Field.requiredText("model", "The model's name."),
            Field.whole(
                "promptMicrosPerMillion",
                0,
                0,
                MAX_MICROS,
                "Price of a million prompt tokens, in millionths of the currency."),
            Field.whole(
                "answerMicrosPerMillion",
                0,
                0,
                MAX_MICROS,
                "Price of a million answer tokens, in millionths of the currency."));

    public Price {
      SECTION.check(model, promptMicrosPerMillion, answerMicrosPerMillion);
    }
  }
}
