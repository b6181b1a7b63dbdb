package io.fullbore.http.wire;

import io.fullbore.auth.KeySpec;
import io.fullbore.core.Allowance;
import io.fullbore.core.CachePolicy;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads what {@code POST /admin/keys} is to make. Only {@code owner} must be there. */
public final class KeyRequestReader {
  /** The end of the year 9999. */
  private static final long MAX_EPOCH_SECONDS = 253_402_300_799L;

  private KeyRequestReader() {}

  /**
   * @param now before which no key may expire
   * @throws InvalidRequestException at the first mistake
   */
  public static KeySpec read(Buffer body, Instant now) {
    JsonFields fields = JsonValue.parse(body).fields();
    var spec =
        new KeySpec(
            text(fields.require("owner")),
            texts(fields, "models"),
            allowance(fields.get("limits")),
            allowance(fields.get("user_limits")),
            cache(fields.get("cache")),
            fields.flag("forward", true),
            texts(fields, "tags"),
            expiry(fields.get("expires_at"), now));
    fields.finish();
    return spec;
  }

  private static String text(JsonValue value) {
    String text = value.text();
    if (!KeySpec.isText(text)) {
      throw value.invalid(
          "expected 1 to %d characters, not all of them blank.".formatted(KeySpec.MAX_CHARS));
    }
    return text;
  }

  private static Set<String> texts(JsonFields fields, String name) {
    List<JsonValue> elements = fields.elements(name);
    if (elements.size() > KeySpec.MAX_ELEMENTS) {
      throw fields
          .require(name)
          .invalid("expected at most %d elements.".formatted(KeySpec.MAX_ELEMENTS));
    }
    Set<String> texts = new LinkedHashSet<>();
    elements.forEach(element -> texts.add(text(element)));
    return texts;
  }

  private static Allowance allowance(@Nullable JsonValue value) {
    if (value == null) {
      return Allowance.UNLIMITED;
    }
    JsonFields fields = value.fields();
    var allowance =
        new Allowance(
            limit(fields, "requests_per_minute"),
            limit(fields, "tokens_per_minute"),
            limit(fields, "concurrent_requests"),
            limit(fields, "day_budget_micros"),
            limit(fields, "month_budget_micros"));
    fields.finish();
    return allowance;
  }

  private static long limit(JsonFields fields, String name) {
    JsonValue value = fields.get(name);
    return value == null ? 0 : value.integer(0L, KeySpec.MAX_ALLOWANCE);
  }

  private static CachePolicy cache(@Nullable JsonValue value) {
    CachePolicy usual = CachePolicy.DEFAULT;
    if (value == null) {
      return usual;
    }
    JsonFields fields = value.fields();
    JsonValue mode = fields.get("mode");
    var cache =
        new CachePolicy(
            mode == null
                ? usual.mode()
                : CachePolicy.Mode.valueOf(
                    mode.oneOf("off", "deterministic", "all").toUpperCase(Locale.ROOT)),
            fields.flag("shared", usual.shared()),
            fields.flag("tool_calls", usual.toolCalls()),
            fields.flag("knowledge", usual.knowledge()));
    fields.finish();
    return cache;
  }

  private static @Nullable Instant expiry(@Nullable JsonValue value, Instant now) {
    return value == null
        ? null
        : Instant.ofEpochSecond(value.integer(now.getEpochSecond() + 1, MAX_EPOCH_SECONDS));
  }
}
