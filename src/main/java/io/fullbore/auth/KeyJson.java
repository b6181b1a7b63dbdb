package io.fullbore.auth;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.core.Allowance;
import io.fullbore.core.CachePolicy;
import java.time.Instant;
import java.util.Collection;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A key as JSON, in the file, in Redis and in answers to the administrator:
 *
 * <pre>
 * {"id": "key-…", "sha256": "…", "owner": "…", "models": ["…"], "tags": ["…"],
 *  "limits": {"requests_per_minute": 0, "tokens_per_minute": 0, "concurrent_requests": 0,
 *             "day_budget_micros": 0, "month_budget_micros": 0},
 *  "user_limits": {…}, "cache": {"mode": "deterministic", "shared": false, "tool_calls": false,
 *  "knowledge": false}, "forward": true, "created_at": 1700000000, "expires_at": null}
 * </pre>
 *
 * <p>Only {@code id}, {@code sha256} and {@code owner} must be there. Times are seconds since 1970.
 */
public final class KeyJson {
  private KeyJson() {}

  /** Without the digest: fit to be shown. */
  public static ObjectNode describe(KeyRecord key) {
    KeySpec spec = key.spec();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("id", key.id());
    json.put("owner", spec.owner());
    json.set("models", texts(spec.models()));
    json.set("limits", allowance(spec.key()));
    json.set("user_limits", allowance(spec.user()));
    json.set("cache", cache(spec.cache()));
    json.put("forward", spec.mayForward());
    json.set("tags", texts(spec.tags()));
    json.put("created_at", key.created().getEpochSecond());
    Instant expires = spec.expires();
    json.put("expires_at", expires == null ? null : expires.getEpochSecond());
    return json;
  }

  /** With the digest: to be kept. */
  static ObjectNode stored(KeyRecord key) {
    return describe(key).put("sha256", key.digest().hex());
  }

  private static ArrayNode texts(Collection<String> texts) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    texts.stream().sorted().forEach(list::add);
    return list;
  }

  private static ObjectNode allowance(Allowance allowance) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("requests_per_minute", allowance.requestsPerMinute())
        .put("tokens_per_minute", allowance.tokensPerMinute())
        .put("concurrent_requests", allowance.concurrentRequests())
        .put("day_budget_micros", allowance.dayMicros())
        .put("month_budget_micros", allowance.monthMicros());
  }

  private static ObjectNode cache(CachePolicy cache) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("mode", cache.mode().name().toLowerCase(Locale.ROOT))
        .put("shared", cache.shared())
        .put("tool_calls", cache.toolCalls())
        .put("knowledge", cache.knowledge());
  }

  /**
   * @param place where the key stands, for messages
   */
  static KeyRecord read(JsonNode json, String place) throws MalformedKeyException {
    var fields = new StoredFields(json, place);
    String id = fields.text("id");
    KeyDigest digest = digest(fields);
    Set<String> models = fields.texts("models");
    Set<String> tags = fields.texts("tags");
    Instant expires =
        fields.has("expires_at") ? Instant.ofEpochSecond(fields.number("expires_at")) : null;
    var spec =
        new KeySpec(
            fields.text("owner"),
            models,
            allowance(fields.object("limits")),
            allowance(fields.object("user_limits")),
            cache(fields.object("cache")),
            fields.flag("forward", true),
            tags,
            expires);
    Instant created = Instant.ofEpochSecond(fields.number("created_at"));
    fields.finish();
    try {
      return new KeyRecord(id, digest, spec, created);
    } catch (IllegalArgumentException e) {
      throw fields.mistake("id", "must be 1 to 64 letters, digits, '-' or '_'");
    }
  }

  private static KeyDigest digest(StoredFields fields) throws MalformedKeyException {
    try {
      return KeyDigest.parse(fields.text("sha256"));
    } catch (IllegalArgumentException e) {
      throw fields.mistake("sha256", "expected the 64 hex digits of the key's SHA-256");
    }
  }

  private static Allowance allowance(@Nullable StoredFields fields) throws MalformedKeyException {
    if (fields == null) {
      return Allowance.UNLIMITED;
    }
    var allowance =
        new Allowance(
            fields.number("requests_per_minute"),
            fields.number("tokens_per_minute"),
            fields.number("concurrent_requests"),
            fields.number("day_budget_micros"),
            fields.number("month_budget_micros"));
    fields.finish();
    return allowance;
  }

  private static CachePolicy cache(@Nullable StoredFields fields) throws MalformedKeyException {
    if (fields == null) {
      return CachePolicy.DEFAULT;
    }
    CachePolicy.Mode mode = CachePolicy.DEFAULT.mode();
    if (fields.has("mode")) {
      try {
        mode = CachePolicy.Mode.valueOf(fields.text("mode").toUpperCase(Locale.ROOT));
      } catch (IllegalArgumentException e) {
        throw fields.mistake("mode", "expected off, deterministic or all");
      }
    }
    var cache =
        new CachePolicy(
            mode,
            fields.flag("shared", CachePolicy.DEFAULT.shared()),
            fields.flag("tool_calls", CachePolicy.DEFAULT.toolCalls()),
            fields.flag("knowledge", CachePolicy.DEFAULT.knowledge()));
    fields.finish();
    return cache;
  }
}
