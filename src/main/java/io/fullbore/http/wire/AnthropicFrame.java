package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Usage;
import org.jspecify.annotations.Nullable;

/**
 * Spells answers from elsewhere, which come in OpenAI's form, as Anthropic's API does. The calls of
 * one answer may not be interleaved: each ends where the next one begins.
 */
public final class AnthropicFrame implements AnswerFrame {
  private final AnthropicEvents events = new AnthropicEvents();
  private final StreamedCalls calls = new StreamedCalls();
  private boolean started;
  private String stopReason = "end_turn";
  private @Nullable String stopSequence;

  @Override
  public String piece(ForwardedPiece piece) {
    JsonNode chunk = JsonText.tree(piece.json());
    if (!started) {
      started = true;
      events.start(id(chunk), chunk.path("model").asText());
    }
    JsonNode choice = chunk.path("choices").path(0);
    JsonNode delta = choice.path("delta");
    events.thinking(OpenAiMessage.reasoning(delta));
    delta.path("thinking_blocks").forEach(this::endThinking);
    events.text(OpenAiMessage.text(delta));
    delta.path("tool_calls").forEach(this::call);
    readEnd(choice);
    return events.take();
  }

  private void endThinking(JsonNode block) {
    if (block.path("type").asText().equals("redacted_thinking")) {
      events.redacted(block.path("data").asText());
    } else {
      events.signature(block.path("signature").asText());
    }
  }

  private void call(JsonNode piece) {
    JsonNode function = piece.path("function");
    if (calls.begins(piece)) {
      events.toolCall(piece.path("id").asText(), function.path("name").asText());
    }
    events.arguments(OpenAiMessage.string(function.path("arguments")));
  }

  private void readEnd(JsonNode choice) {
    String reason = OpenAiMessage.string(choice.path("finish_reason"));
    if (!reason.isEmpty()) {
      stopSequence = stopSequence(choice);
      stopReason =
          switch (reason) {
            case "length" -> "max_tokens";
            case "tool_calls", "function_call" -> "tool_use";
            case "content_filter" -> "refusal";
            default -> stopSequence == null ? "end_turn" : "stop_sequence";
          };
    }
  }

  /** What some servers say beside OpenAI's fields: the stop string that was met. */
  private static @Nullable String stopSequence(JsonNode choice) {
    return choice.path("finish_reason").asText().equals("stop")
        ? choice.path("stop_reason").textValue()
        : null;
  }

  @Override
  public String done(Usage usage) {
    if (started) {
      events.end(stopReason, stopSequence, usage);
    }
    return events.take();
  }

  @Override
  public String failure(ApiError error) {
    return ErrorShape.ANTHROPIC.event(error);
  }

  @Override
  public String whole(ForwardedPiece piece, Usage usage) {
    JsonNode answer = JsonText.tree(piece.json());
    JsonNode choice = answer.path("choices").path(0);
    AnthropicContent content = content(choice.path("message"));
    readEnd(choice);
    return JsonText.object(
        json -> {
          AnthropicEvents.writeHead(json, id(answer), answer.path("model").asText());
          json.writeFieldName("content");
          json.writeRawValue(content.json());
          AnthropicEvents.writeEnd(json, stopReason, stopSequence);
          AnthropicEvents.writeUsage(json, usage);
        });
  }

  private static AnthropicContent content(JsonNode message) {
    var content = new AnthropicContent();
    message.path("thinking_blocks").forEach(content::block);
    if (content.isEmpty()) {
      content.thinking(OpenAiMessage.reasoning(message));
    }
    content.text(OpenAiMessage.text(message));
    for (JsonNode call : message.path("tool_calls")) {
      JsonNode function = call.path("function");
      content.toolCall(
          call.path("id").asText(),
          function.path("name").asText(),
          OpenAiMessage.string(function.path("arguments")));
    }
    return content;
  }

  /** As it was, with the beginning that Anthropic's ids have. */
  private static String id(JsonNode answer) {
    String id = answer.path("id").asText();
    return id.startsWith("msg_") ? id : "msg_" + id.substring(id.lastIndexOf('-') + 1);
  }

  @Override
  public String keepAlive() {
    return JsonText.event("ping", json -> json.writeStringField("type", "ping"));
  }
}
