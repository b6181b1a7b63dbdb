package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.JsonNode;

/** Reads the {@code message} or {@code delta} of an answer that an upstream gave. */
final class OpenAiMessage {
  private OpenAiMessage() {}

  /** What the model says; that it refuses is said too. */
  static String text(JsonNode message) {
    return string(message.path("content")) + string(message.path("refusal"));
  }

  /** What the model thinks; servers have two names for it. */
  static String reasoning(JsonNode message) {
    String reasoning = string(message.path("reasoning_content"));
    return reasoning.isEmpty() ? string(message.path("reasoning")) : reasoning;
  }

  /** Empty where it is no string. */
  static String string(JsonNode value) {
    return value.isTextual() ? value.textValue() : "";
  }
}
