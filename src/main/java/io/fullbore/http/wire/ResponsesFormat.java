package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.chat.ChatMessage.ToolCall;
import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.FinishReason;
import io.fullbore.core.Usage;
import io.fullbore.sampling.ScoredToken;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A local model's answer as a {@code response} of OpenAI's API, which has one choice. */
public final class ResponsesFormat implements AnswerFormat {
  private final ResponsesEvents events;
  private @Nullable FinishReason reason;

  /**
   * @param ended gets the response once it has ended well
   */
  public ResponsesFormat(ResponseHead head, Consumer<ObjectNode> ended) {
    events = new ResponsesEvents(head, head.request().completion().stream(), ended);
  }

  @Override
  public String opening() {
    events.start();
    return events.take();
  }

  @Override
  public String prompt(int choice, List<ScoredToken> tokens) {
    return "";
  }

  @Override
  public String delta(int choice, AnswerPart part, List<ScoredToken> tokens) {
    switch (part) {
      case AnswerPart.Text(String text) -> events.text(text);
      case AnswerPart.Reasoning(String text) -> events.reasoning(text);
      case AnswerPart.CallStart(int call, String id, String name) -> events.toolCall(id, name);
      case AnswerPart.CallArguments(int call, String json) -> events.arguments(json);
    }
    return events.take();
  }

  /** The last event says it, with the tokens that were used. */
  @Override
  public String choiceEnd(int choice, FinishReason finishReason) {
    reason = finishReason;
    return "";
  }

  @Override
  public String usage(Usage usage) {
    events.end(incomplete(reason), usage);
    return events.take();
  }

  @Override
  public String failure(ApiError error) {
    events.fail(error);
    return events.take();
  }

  @Override
  public String whole(List<FinishedChoice> choices, Usage usage) {
    FinishedChoice choice = choices.getFirst();
    events.reasoning(choice.reasoning());
    events.text(choice.text());
    for (ToolCall call : choice.calls()) {
      events.toolCall(call.id(), call.name());
      events.arguments(call.arguments());
    }
    return events.end(incomplete(choice.reason()), usage).toString();
  }

  private static @Nullable String incomplete(@Nullable FinishReason reason) {
    return switch (reason) {
      case null -> throw new IllegalStateException("the answer ended before its choice");
      case STOP, TOOL_CALLS -> null;
      case LENGTH -> "max_output_tokens";
    };
  }
}
