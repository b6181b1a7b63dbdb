package io.fullbore.http;

import io.vertx.core.Handler;
import io.vertx.ext.web.RoutingContext;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * Puts {@code X-Request-Id} on every answer: the caller's own where it is harmless in headers and
 * logs, else a new one.
 */
final class RequestNames implements Handler<RoutingContext> {
  private static final String HEADER = "X-Request-Id";
  private static final Pattern HARMLESS = Pattern.compile("[A-Za-z0-9._:-]{1,128}");

  @Override
  public void handle(RoutingContext context) {
    String given = context.request().getHeader(HEADER);
    boolean harmless = given != null && HARMLESS.matcher(given).matches();
    context.response().putHeader(HEADER, harmless ? given : random("req-"));
    context.next();
  }

  /** A prefix and 128 random bits. */
  static String random(String prefix) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    HexFormat hex = HexFormat.of();
    return prefix + hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
  }
}
