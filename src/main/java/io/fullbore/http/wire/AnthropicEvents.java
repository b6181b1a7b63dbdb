package io.fullbore.http.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fullbore.core.Usage;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Spells one message as the events of Anthropic's API, version 2023-06-01:
 *
 * <pre>
 *   stream := message_start block* message_delta message_stop
 *   block  := content_block_start content_block_delta* content_block_stop
 * </pre>
 *
 * <p>Told in the order in which the model says it: a block begins with the first piece of another
 * kind. The prompt's tokens are known at the end only, so that {@code message_start} counts none of
 * them. One per answer.
 */
final class AnthropicEvents {
  private final StringBuilder events = new StringBuilder();
  private Kind open = Kind.NONE;
  private int blockCount;

  private enum Kind {
    NONE,
    TEXT,
    THINKING,
    TOOL
  }

  /** What was told since the last time. */
  String take() {
    String taken = events.toString();
    events.setLength(0);
    return taken;
  }

  void start(String id, String model) {
    event(
        "message_start",
        json -> {
          json.writeObjectFieldStart("message");
          writeHead(json, id, model);
          json.writeArrayFieldStart("content");
          json.writeEndArray();
          writeEnd(json, null, null);
          writeUsage(json, new Usage(0, 0, 0));
          json.writeEndObject();
        });
  }

  void text(String text) {
    if (text.isEmpty()) {
      return;
    }
    if (open != Kind.TEXT) {
      open(
          Kind.TEXT,
          json -> {
            json.writeStringField("type", "text");
            json.writeStringField("text", "");
          });
    }
    delta("text_delta", "text", text);
  }

  void thinking(String thinking) {
    if (thinking.isEmpty()) {
      return;
    }
    openThinking();
    delta("thinking_delta", "thinking", thinking);
  }

  /** Ends the thinking. */
  void signature(String signature) {
    openThinking();
    delta("signature_delta", "signature", signature);
    close();
  }

  private void openThinking() {
    if (open != Kind.THINKING) {
      open(
          Kind.THINKING,
          json -> {
            json.writeStringField("type", "thinking");
            json.writeStringField("thinking", "");
            json.writeStringField("signature", "");
          });
    }
  }

  /** Thoughts that nobody here can read. */
  void redacted(String data) {
    open(
        Kind.THINKING,
        json -> {
          json.writeStringField("type", "redacted_thinking");
          json.writeStringField("data", data);
        });
    close();
  }

  /** A call of a tool begins; its arguments follow. */
  void toolCall(String id, String name) {
    open(
        Kind.TOOL,
        json -> {
          json.writeStringField("type", "tool_use");
          json.writeStringField("id", id);
          json.writeStringField("name", name);
          json.writeObjectFieldStart("input");
          json.writeEndObject();
        });
  }

  /**
   * More of the arguments of the call that began last.
   *
   * @param part of the JSON
   */
  void arguments(String part) {
    if (open == Kind.TOOL && !part.isEmpty()) {
      delta("input_json_delta", "partial_json", part);
    }
  }

  void end(String stopReason, @Nullable String stopSequence, Usage usage) {
    close();
    event(
        "message_delta",
        json -> {
          json.writeObjectFieldStart("delta");
          writeEnd(json, stopReason, stopSequence);
          json.writeEndObject();
          writeUsage(json, usage);
        });
    event("message_stop", json -> {});
  }

  private void open(Kind kind, JsonText.Content block) {
    close();
    open = kind;
    event(
        "content_block_start",
        json -> {
          json.writeNumberField("index", blockCount);
          json.writeObjectFieldStart("content_block");
          block.writeTo(json);
          json.writeEndObject();
        });
  }

  private void delta(String type, String field, String text) {
    event(
        "content_block_delta",
        json -> {
          json.writeNumberField("index", blockCount);
          json.writeObjectFieldStart("delta");
          json.writeStringField("type", type);
          json.writeStringField(field, text);
          json.writeEndObject();
        });
  }

  void close() {
    if (open != Kind.NONE) {
      event("content_block_stop", json -> json.writeNumberField("index", blockCount));
      open = Kind.NONE;
      blockCount++;
    }
  }

  private void event(String type, JsonText.Content fields) {
    events.append(
        JsonText.event(
            type,
            json -> {
              json.writeStringField("type", type);
              fields.writeTo(json);
            }));
  }

  static void writeHead(JsonGenerator json, String id, String model) throws IOException {
    json.writeStringField("id", id);
    json.writeStringField("type", "message");
    json.writeStringField("role", "assistant");
    json.writeStringField("model", model);
  }

  static void writeEnd(
      JsonGenerator json, @Nullable String stopReason, @Nullable String stopSequence)
      throws IOException {
    json.writeStringField("stop_reason", stopReason);
    json.writeStringField("stop_sequence", stopSequence);
  }

  /** Anthropic's {@code input_tokens} are those that no cache had. */
  static void writeUsage(JsonGenerator json, Usage usage) throws IOException {
    json.writeObjectFieldStart("usage");
    json.writeNumberField("input_tokens", Math.max(0, usage.promptTokens() - usage.cachedTokens()));
    json.writeNumberField("cache_creation_input_tokens", 0);
    json.writeNumberField("cache_read_input_tokens", usage.cachedTokens());
    json.writeNumberField("output_tokens", usage.completionTokens());
    json.writeEndObject();
  }
}
