package io.fullbore.http.wire;

import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.FinishReason;
import io.fullbore.core.Usage;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.serving.ServedModel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A local model's answer as the {@code message} of Anthropic's API, which has one choice. */
public final class AnthropicFormat implements AnswerFormat {
  private final AnswerHead head;
  private final StopFinder stop;
  private final AnthropicEvents events = new AnthropicEvents();
  private @Nullable FinishReason reason;

  public AnthropicFormat(AnswerHead head, CompletionRequest request, ServedModel model) {
    this.head = head;
    this.stop = new StopFinder(request.call().stops(), model.tokenizer());
  }

  @Override
  public String opening() {
    events.start(head.id(), head.model());
    return events.take();
  }

  @Override
  public String prompt(int choice, List<ScoredToken> tokens) {
    return "";
  }

  @Override
  public String delta(int choice, AnswerPart part, List<ScoredToken> tokens) {
    stop.accept(tokens);
    switch (part) {
      case AnswerPart.Text(String text) -> events.text(text);
      case AnswerPart.Reasoning(String text) -> events.thinking(text);
      case AnswerPart.CallStart(int call, String id, String name) -> events.toolCall(id, name);
      case AnswerPart.CallArguments(int call, String json) -> events.arguments(json);
    }
    return events.take();
  }

  @Override
  public String choiceEnd(int choice, FinishReason finishReason) {
    reason = finishReason;
    events.close();
    return events.take();
  }

  @Override
  public String usage(Usage usage) {
    if (reason == null) {
      throw new IllegalStateException("the answer ended before its choice");
    }
    String stopSequence = stop.found();
    events.end(stopReason(reason, stopSequence), sequence(reason, stopSequence), usage);
    return events.take();
  }

  @Override
  public String failure(ApiError error) {
    return ErrorShape.ANTHROPIC.event(error);
  }

  @Override
  public String whole(List<FinishedChoice> choices, Usage usage) {
    FinishedChoice choice = choices.getFirst();
    stop.accept(choice.tokens());
    String stopSequence = stop.found();
    var content = new AnthropicContent();
    if (!choice.reasoning().isEmpty()) {
      content.thinking(choice.reasoning());
    }
    content.text(choice.text());
    choice.calls().forEach(call -> content.toolCall(call.id(), call.name(), call.arguments()));
    return JsonText.object(
        json -> {
          AnthropicEvents.writeHead(json, head.id(), head.model());
          json.writeFieldName("content");
          json.writeRawValue(content.json());
          AnthropicEvents.writeEnd(
              json,
              stopReason(choice.reason(), stopSequence),
              sequence(choice.reason(), stopSequence));
          AnthropicEvents.writeUsage(json, usage);
        });
  }

  private static String stopReason(FinishReason reason, @Nullable String stopSequence) {
    return switch (reason) {
      case STOP -> stopSequence == null ? "end_turn" : "stop_sequence";
      case LENGTH -> "max_tokens";
      case TOOL_CALLS -> "tool_use";
    };
  }

  private static @Nullable String sequence(FinishReason reason, @Nullable String stopSequence) {
    return reason == FinishReason.STOP ? stopSequence : null;
  }
}
