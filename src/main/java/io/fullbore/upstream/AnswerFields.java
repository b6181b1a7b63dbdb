package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;

/** Reads an upstream's answer by type. What does not fit is malformed. */
final class AnswerFields {
  private AnswerFields() {}

  /**
   * @throws IllegalArgumentException where it is no string
   */
  static String text(JsonNode object, String name) {
    JsonNode value = object.path(name);
    if (!value.isTextual()) {
      throw malformed(object, name, "a string");
    }
    return value.textValue();
  }

  /**
   * @throws IllegalArgumentException where it is no object
   */
  static JsonNode object(JsonNode object, String name) {
    JsonNode value = object.path(name);
    if (!value.isObject()) {
      throw malformed(object, name, "an object");
    }
    return value;
  }

  /**
   * @throws IllegalArgumentException where it is no array
   */
  static JsonNode array(JsonNode object, String name) {
    JsonNode value = object.path(name);
    if (!value.isArray()) {
      throw malformed(object, name, "an array");
    }
    return value;
  }

  /**
   * @throws IllegalArgumentException where it is no count
   */
  static int count(JsonNode object, String name) {
    JsonNode value = object.path(name);
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
      throw malformed(object, name, "a count");
    }
    return value.intValue();
  }

  /** Names the place and what was expected, and nothing of what was answered but its type. */
  private static IllegalArgumentException malformed(JsonNode object, String name, String expected) {
    return new IllegalArgumentException(
        "malformed answer: field=%s is not %s, in type=%s"
            .formatted(name, expected, object.path("type").asText("none")));
  }
}
