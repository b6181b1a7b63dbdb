package io.fullbore.upstream;

import io.netty.handler.codec.DateFormatter;
import io.vertx.core.MultiMap;
import java.time.Instant;
import java.util.Date;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads when an upstream wants to be asked again: {@code Retry-After} in seconds or as a date (RFC
 * 9110, section 10.2.3, with the three forms of section 5.6.7), and before it OpenAI's own {@code
 * retry-after-ms}, which is finer. Both may have fractions, as OpenAI's and Anthropic's clients
 * read them.
 */
final class RetryAfter {
  private static final Pattern NUMBER = Pattern.compile("\\d{1,12}(\\.\\d{1,12})?");
  private static final double MS_PER_SECOND = 1_000;

  /** Longer than any date. */
  private static final int MAX_LENGTH = 64;

  private RetryAfter() {}

  /**
   * @param now what a date is compared with
   * @return 0 where nothing, nonsense, or a time that is over is stated; not bounded above
   */
  static long ms(MultiMap headers, Instant now) {
    long ms = parseMs(headers.get("retry-after-ms"), 1);
    if (ms > 0) {
      return ms;
    }
    String stated = headers.get("Retry-After");
    ms = parseMs(stated, MS_PER_SECOND);
    return ms > 0 ? ms : untilMs(stated, now);
  }

  private static long parseMs(@Nullable String stated, double unitMs) {
    if (stated == null) {
      return 0;
    }
    String number = stated.strip();
    return NUMBER.matcher(number).matches()
        ? (long) Math.ceil(Double.parseDouble(number) * unitMs)
        : 0;
  }

  private static long untilMs(@Nullable String date, Instant now) {
    if (date == null || date.length() > MAX_LENGTH) {
      return 0;
    }
    Date parsed = DateFormatter.parseHttpDate(date);
    return parsed == null ? 0 : Math.max(0, parsed.getTime() - now.toEpochMilli());
  }
}
