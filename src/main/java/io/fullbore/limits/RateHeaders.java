package io.fullbore.limits;

import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The {@code x-ratelimit-*} headers of an answer, as OpenAI's API has them: of the tightest bucket
 * of each kind.
 *
 * @param values by name, in lower case; empty where nothing is limited
 */
public record RateHeaders(Map<String, String> values) {
  public static final RateHeaders EMPTY = new RateHeaders(Map.of());

  public RateHeaders {
    values = Map.copyOf(values);
  }

  static RateHeaders of(List<Reading> readings) {
    var values = new TreeMap<String, String>();
    for (Bucket.Kind kind : List.of(Bucket.Kind.REQUESTS, Bucket.Kind.TOKENS)) {
      Reading tightest = null;
      for (Reading reading : readings) {
        if (reading.bucket().kind() == kind
            && (tightest == null || reading.remaining() < tightest.remaining())) {
          tightest = reading;
        }
      }
      if (tightest != null) {
        String name = kind.name().toLowerCase(Locale.ROOT);
        values.put("x-ratelimit-limit-" + name, Long.toString(tightest.bucket().limit()));
        values.put("x-ratelimit-remaining-" + name, Long.toString(tightest.remaining()));
        values.put("x-ratelimit-reset-" + name, duration(tightest.resetMs()));
      }
    }
    return values.isEmpty() ? EMPTY : new RateHeaders(values);
  }

  /** As Go prints it: {@code 120ms}, {@code 1.5s}, {@code 6m0s}. */
  static String duration(long ms) {
    if (ms > 0 && ms < 1_000) {
      return ms + "ms";
    }
    long minutes = ms / 60_000;
    String seconds = BigDecimal.valueOf(ms % 60_000, 3).stripTrailingZeros().toPlainString() + "s";
    return minutes == 0 ? seconds : minutes + "m" + seconds;
  }
}
