package io.fullbore.http.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fullbore.core.Failure;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A value of a request and where it stands, read by type. What does not fit is an {@link
 * InvalidRequestException} that names the place as OpenAI does: {@code messages[0].role}.
 *
 * @param path empty for the body itself
 */
record JsonValue(String path, JsonNode node) {
  private static final int MAX_NESTING = 200;
  private static final char REPLACEMENT = '\uFFFD';
  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private static final ObjectMapper MAPPER = mapper();

  private static ObjectMapper mapper() {
    JsonMapper mapper =
        JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .build();
    mapper
        .getFactory()
        .setStreamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(MAX_NESTING)
                .maxStringLength(Integer.MAX_VALUE) // the body's length is bounded already
                .build());
    return mapper;
  }

  /** Reads a request's body, which is UTF-8 and nothing else. */
  static JsonValue parse(Buffer body) {
    try {
      return new JsonValue("", MAPPER.readTree(decode(body.getBytes())));
    } catch (JsonProcessingException e) {
      var where = e.getLocation();
      throw invalidJson(
          where == null
              ? e.getOriginalMessage()
              : "%s (line %d, column %d)"
                  .formatted(e.getOriginalMessage(), where.getLineNr(), where.getColumnNr()));
    }
  }

  /** Left to itself, Jackson would take UTF-16 and UTF-32 too, and some of what is no UTF-8. */
  private static String decode(byte[] body) {
    String text = new String(body, StandardCharsets.UTF_8);
    if (text.indexOf(REPLACEMENT) >= 0) {
      ByteBuffer rest = ByteBuffer.wrap(body);
      if (StandardCharsets.UTF_8
          .newDecoder()
          .decode(rest, CharBuffer.allocate(text.length()), true)
          .isError()) {
        throw invalidJson("it is no UTF-8 at byte %d".formatted(rest.position()));
      }
    }
    return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
  }

  private static InvalidRequestException invalidJson(String why) {
    return new InvalidRequestException(
        new Failure.InvalidRequest("The body is not valid JSON: " + why, null, "invalid_json"));
  }

  String string() {
    require(node.isTextual(), "a string");
    return node.textValue();
  }

  /** A string that has a UTF-8 form: no half of a surrogate pair stands alone in it. */
  String text() {
    String text = string();
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        if (!Character.isSupplementaryCodePoint(text.codePointAt(i))) {
          throw invalid("the surrogate at index %d stands alone.".formatted(i));
        }
        i++;
      }
    }
    return text;
  }

  /** One of a few strings. */
  String oneOf(String... allowed) {
    String value = string();
    if (!Arrays.asList(allowed).contains(value)) {
      throw mistake(
          "Invalid value: '%s'. Supported values are: %s."
              .formatted(
                  value,
                  Arrays.stream(allowed)
                      .map(name -> "'" + name + "'")
                      .collect(Collectors.joining(", "))),
          "invalid_value");
    }
    return value;
  }

  boolean flag() {
    require(node.isBoolean(), "a boolean");
    return node.booleanValue();
  }

  int integer(int min, int max) {
    return Math.toIntExact(integer((long) min, max));
  }

  long integer(long min, long max) {
    require(node.isIntegralNumber(), "an integer");
    if (!node.canConvertToLong() || node.longValue() < min || node.longValue() > max) {
      throw outOfRange(min, max);
    }
    return node.longValue();
  }

  /** A number within {@code [min, max]}. */
  float number(double min, double max) {
    require(node.isNumber(), "a number");
    double value = node.doubleValue();
    if (!(value >= min && value <= max)) {
      throw outOfRange(min, max);
    }
    return (float) value;
  }

  List<JsonValue> elements() {
    require(node.isArray(), "an array");
    List<JsonValue> elements = new ArrayList<>(node.size());
    while (elements.size() < node.size()) {
      elements.add(element(elements.size()));
    }
    return elements;
  }

  JsonValue element(int index) {
    return new JsonValue(path + "[" + index + "]", node.path(index));
  }

  JsonFields fields() {
    require(node.isObject(), "an object");
    return new JsonFields(this);
  }

  /** The value of an object's field; no matter whether it is there. */
  JsonValue field(String name) {
    return new JsonValue(path.isEmpty() ? name : path + "." + name, node.path(name));
  }

  /** An object as it is: strings, numbers, booleans, nulls, lists and maps. */
  @SuppressWarnings("unchecked")
  Map<String, Object> map() {
    require(node.isObject(), "an object");
    return MAPPER.convertValue(node, Map.class);
  }

  void require(boolean condition, String expected) {
    if (!condition) {
      throw wrongType(expected);
    }
  }

  InvalidRequestException wrongType(String expected) {
    return mistake(
        "Invalid type for %s: expected %s, but got %s instead.".formatted(name(), expected, kind()),
        "invalid_type");
  }

  private InvalidRequestException outOfRange(Number min, Number max) {
    return invalid("expected a value from %s to %s, but got %s.".formatted(min, max, node));
  }

  InvalidRequestException invalid(String why) {
    return mistake("Invalid value for %s: %s".formatted(name(), why), "invalid_value");
  }

  /** A right value that this server does not honour. */
  InvalidRequestException unsupportedValue(String why) {
    return mistake("Unsupported value for %s: %s".formatted(name(), why), "unsupported_value");
  }

  InvalidRequestException mistake(String message, String code) {
    return new InvalidRequestException(
        new Failure.InvalidRequest(message, path.isEmpty() ? null : path, code));
  }

  private String name() {
    return path.isEmpty() ? "the body" : "'" + path + "'";
  }

  private String kind() {
    return switch (node.getNodeType()) {
      case ARRAY -> "an array";
      case OBJECT, POJO -> "an object";
      case BOOLEAN -> "a boolean";
      case STRING, BINARY -> "a string";
      case NUMBER -> node.isIntegralNumber() ? "an integer" : "a decimal number";
      case NULL -> "null";
      case MISSING -> "nothing";
    };
  }
}
