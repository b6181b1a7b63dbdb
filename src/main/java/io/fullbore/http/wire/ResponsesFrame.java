package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Usage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Spells answers from elsewhere, which come in the form of chat completions, as responses. The
 * calls of one answer may not be interleaved: each ends where the next one begins.
 */
public final class ResponsesFrame implements AnswerFrame {
  private final ResponsesEvents events;
  private final StreamedCalls calls = new StreamedCalls();
  private boolean started;
  private @Nullable String incomplete;

  /**
   * @param ended gets the response once it has ended well
   */
  public ResponsesFrame(ResponseHead head, Consumer<ObjectNode> ended) {
    events = new ResponsesEvents(head, head.request().completion().stream(), ended);
  }

  @Override
  public String piece(ForwardedPiece piece) {
    if (!started) {
      started = true;
      events.start();
    }
    JsonNode choice = JsonText.tree(piece.json()).path("choices").path(0);
    JsonNode delta = choice.path("delta");
    events.reasoning(OpenAiMessage.reasoning(delta));
    events.text(OpenAiMessage.text(delta));
    for (JsonNode call : delta.path("tool_calls")) {
      call(call, calls.begins(call));
    }
    readEnd(choice);
    return events.take();
  }

  private void call(JsonNode piece, boolean begins) {
    JsonNode function = piece.path("function");
    if (begins) {
      events.toolCall(piece.path("id").asText(), function.path("name").asText());
    }
    events.arguments(OpenAiMessage.string(function.path("arguments")));
  }

  private void readEnd(JsonNode choice) {
    switch (choice.path("finish_reason").asText()) {
      case "length" -> incomplete = "max_output_tokens";
      case "content_filter" -> incomplete = "content_filter";
      default -> {} // complete, or not yet
    }
  }

  @Override
  public String done(Usage usage) {
    if (started) {
      events.end(incomplete, usage);
    }
    return events.take();
  }

  @Override
  public String failure(ApiError error) {
    events.fail(error);
    return events.take();
  }

  @Override
  public String whole(ForwardedPiece piece, Usage usage) {
    JsonNode choice = JsonText.tree(piece.json()).path("choices").path(0);
    JsonNode message = choice.path("message");
    events.reasoning(OpenAiMessage.reasoning(message));
    events.text(OpenAiMessage.text(message));
    message.path("tool_calls").forEach(call -> call(call, true));
    readEnd(choice);
    return events.end(incomplete, usage).toString();
  }

  @Override
  public String keepAlive() {
    return ": keep-alive\n\n";
  }
}
