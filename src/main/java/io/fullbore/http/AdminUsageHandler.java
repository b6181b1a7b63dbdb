package io.fullbore.http;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.JsonText;
import io.fullbore.limits.Limits;
import io.fullbore.limits.SpendRow;
import io.fullbore.limits.SpendTotal;
import io.fullbore.limits.UsageReport;
import io.fullbore.redis.RedisDownException;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/**
 * {@code GET /admin/usage?from=2026-11-01&to=2026-11-30}: what was used and spent on UTC days, both
 * included; without dates, today. Behind {@link AdminGuard}.
 */
final class AdminUsageHandler {
  private static final int MOST_DAYS = 92;
  private static final int LAST_YEAR = 9_999;

  private final Limits limits;
  private final InstantSource clock;

  AdminUsageHandler(Limits limits, InstantSource clock) {
    this.limits = limits;
    this.clock = clock;
  }

  void show(RoutingContext context) {
    LocalDate today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
    LocalDate from;
    LocalDate to;
    long days;
    try {
      from = day(context, "from", today);
      to = day(context, "to", from.isAfter(today) ? from : today);
      days = ChronoUnit.DAYS.between(from, to);
    } catch (DateTimeException e) {
      refuse(context, "'from' and 'to' are days such as 2026-11-25.");
      return;
    }
    if (days < 0 || days > MOST_DAYS || to.getYear() > LAST_YEAR) {
      refuse(context, "'to' must be 0 to %d days after 'from'.".formatted(MOST_DAYS));
      return;
    }
    limits
        .usage(from, to.plusDays(1))
        .onSuccess(report -> JsonReply.send(context.response(), 200, json(report)))
        .onFailure(cause -> fail(context, cause));
  }

  private static LocalDate day(RoutingContext context, String name, LocalDate otherwise) {
    String given = context.request().getParam(name);
    return given == null ? otherwise : LocalDate.parse(given);
  }

  private static void refuse(RoutingContext context, String message) {
    JsonReply.error(context.request(), ApiError.invalid(400, message, "invalid_value"));
  }

  private static void fail(RoutingContext context, Throwable cause) {
    if (cause instanceof RedisDownException) {
      var failure =
          new Failure.Unavailable("Usage is counted in Redis, which cannot be asked now.");
      JsonReply.error(context.request(), ApiError.of(failure, ""));
    } else {
      context.fail(cause);
    }
  }

  private static String json(UsageReport report) {
    return JsonText.object(
        json -> {
          json.writeStringField("object", "usage");
          json.writeArrayFieldStart("data");
          for (SpendRow row : report.rows()) {
            write(json, row);
          }
          json.writeEndArray();
          json.writeArrayFieldStart("totals");
          for (SpendTotal total : report.totals()) {
            write(json, total);
          }
          json.writeEndArray();
        });
  }

  private static void write(JsonGenerator json, SpendRow row) throws IOException {
    json.writeStartObject();
    json.writeStringField("day", row.day().toString());
    json.writeStringField("key_id", row.keyId());
    json.writeStringField("user", row.user());
    json.writeStringField("model", row.model());
    json.writeNumberField("requests", row.requests());
    json.writeNumberField("prompt_tokens", row.promptTokens());
    json.writeNumberField("answer_tokens", row.answerTokens());
    json.writeNumberField("cost_micros", row.costMicros());
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, SpendTotal total) throws IOException {
    json.writeStartObject();
    json.writeStringField("day", total.day().toString());
    json.writeStringField("key_id", total.keyId());
    json.writeStringField("user", total.user());
    json.writeNumberField("cost_micros", total.costMicros());
    json.writeEndObject();
  }
}
