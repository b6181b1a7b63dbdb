package io.fullbore.sampling.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;

/** The strings that a schema's lengths, {@code pattern} and {@code format} let in. */
final class StringSchemas {
  private static final String DATE =
      "[12][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
          + "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))";
  private static final String HOUR_AND_MINUTE = "(?:[01][0-9]|2[0-3]):[0-5][0-9]";
  private static final String TIME =
      HOUR_AND_MINUTE
          + ":[0-5][0-9](?:\\.[0-9]{1,6})?(?:Z|\\+0[0-9]:[0-5][0-9]|[+-](?:0[1-9]|1[0-3]):[0-5][0-9])";
  private static final String LABEL = "[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?";
  private static final String HOST = "(?:" + LABEL + "\\.){1,4}[a-z]{2,10}";
  private static final String BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";

  /** What the formats are written like here; all of it fits them, and not all that fits is here. */
  private static final Map<String, String> FORMATS = formats();

  private static Map<String, String> formats() {
    Map<String, String> patterns = new HashMap<>();
    patterns.put("date", DATE);
    patterns.put("time", TIME);
    patterns.put("date-time", DATE + "T" + TIME);
    patterns.put(
        "duration",
        "P(?:[0-9]{1,4}W|[0-9]{1,4}D(?:T[0-9]{1,4}[HMS])?|[0-9]{1,4}Y(?:[0-9]{1,4}M(?:[0-9]{1,4}D)?)?"
            + "|[0-9]{1,4}M(?:[0-9]{1,4}D)?|T(?:[0-9]{1,4}H(?:[0-9]{1,4}M(?:[0-9]{1,4}S)?)?"
            + "|[0-9]{1,4}M(?:[0-9]{1,4}S)?|[0-9]{1,4}S))");
    patterns.put("uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    patterns.put("email", "[a-zA-Z0-9_+-]{1,20}(?:\\.[a-zA-Z0-9_+-]{1,20}){0,3}@" + HOST);
    patterns.put("hostname", HOST);
    patterns.put("ipv4", BYTE + "(?:\\." + BYTE + "){3}");
    patterns.put("ipv6", "[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){7}");
    patterns.put(
        "uri", "https?://" + HOST + "(?::[1-9][0-9]{1,3})?(?:/[a-zA-Z0-9._~-]{0,40}){0,10}");
    return patterns;
  }

  private static final int MAX_COUNTED = 1_000_000;

  private final JsonRules json;

  StringSchemas(JsonRules json) {
    this.json = json;
  }

  Expr of(ObjectNode schema, String path) {
    int min = JsonSchemaGrammar.count(schema, "minLength", 0, path);
    int max = JsonSchemaGrammar.count(schema, "maxLength", Expr.UNBOUNDED, path);
    boolean bounded = min > 0 || max < Expr.UNBOUNDED;
    if (max < min) {
      return Expr.NEVER;
    }
    if (min > MAX_COUNTED) {
      throw new UnsupportedSchemaException(
          "minLength", path, "it is more than %d".formatted(MAX_COUNTED));
    }
    JsonNode pattern = schema.get("pattern");
    JsonNode format = schema.get("format");
    if (pattern != null && format != null) {
      throw new UnsupportedSchemaException("format", path, "it is not supported beside 'pattern'");
    }
    if (pattern == null && format == null) {
      return bounded ? json.string(min, max) : json.string();
    }
    RegexParser.Part part =
        pattern != null ? pattern(pattern.asText(), path) : format(format.asText(), path);
    if (bounded && (part.min() < min || part.max() > max)) {
      throw new UnsupportedSchemaException(
          min > part.min() ? "minLength" : "maxLength",
          path,
          "lengths beside '%s' are not supported unless it keeps to them itself"
              .formatted(pattern != null ? "pattern" : "format"));
    }
    return Expr.sequence(Expr.literal("\""), part.expr(), Expr.literal("\""));
  }

  private static RegexParser.Part pattern(String pattern, String path) {
    try {
      return RegexParser.parse(pattern, Spelling.JSON, true);
    } catch (GrammarException e) {
      throw new UnsupportedSchemaException("pattern", path, e.getMessage());
    }
  }

  private static RegexParser.Part format(String name, String path) {
    String pattern = FORMATS.get(name);
    if (pattern == null) {
      throw new UnsupportedSchemaException(
          "format",
          path,
          "'%s' is not supported; these are: %s"
              .formatted(name, String.join(", ", FORMATS.keySet().stream().sorted().toList())));
    }
    return RegexParser.parse("^(?:" + pattern + ")$", Spelling.JSON, true);
  }
}
