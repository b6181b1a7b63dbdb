package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** A message of OpenAI's form, joined from the deltas that a stream would tell it in. */
final class JoinedMessage {
  private final ObjectNode message =
      JsonNodeFactory.instance
          .objectNode()
          .put("role", "assistant")
          .putNull("content")
          .putNull("refusal");

  void add(ObjectNode delta) {
    append(message, delta, "content");
    append(message, delta, "reasoning_content");
    if (delta.has("thinking_blocks")) {
      message
          .withArrayProperty("thinking_blocks")
          .addAll(delta.withArrayProperty("thinking_blocks"));
    }
    for (JsonNode piece : delta.path("tool_calls")) {
      addCall((ObjectNode) piece);
    }
  }

  /** The first piece of a call names it, and its arguments follow before the next one starts. */
  private void addCall(ObjectNode piece) {
    var calls = message.withArrayProperty("tool_calls");
    if (piece.has("id")) {
      piece.remove("index");
      calls.add(piece);
    } else {
      append(
          (ObjectNode) calls.get(calls.size() - 1).get("function"),
          piece.withObjectProperty("function"),
          "arguments");
    }
  }

  private static void append(ObjectNode to, ObjectNode from, String field) {
    if (from.has(field)) {
      to.put(field, to.path(field).asText("") + from.get(field).textValue());
    }
  }

  /** Without content only where it calls tools instead. */
  ObjectNode json() {
    if (!message.hasNonNull("content") && !message.has("tool_calls")) {
      message.put("content", "");
    }
    return message;
  }
}
