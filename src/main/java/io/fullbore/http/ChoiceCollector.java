package io.fullbore.http;

import io.fullbore.chat.ChatMessage.ToolCall;
import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.FinishReason;
import io.fullbore.http.wire.FinishedChoice;
import io.fullbore.sampling.ScoredToken;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Puts the pieces of an answer together. Confined to one event loop. */
final class ChoiceCollector {
  private static final class Choice {
    final StringBuilder text = new StringBuilder();
    final StringBuilder reasoning = new StringBuilder();
    final List<Call> calls = new ArrayList<>();
    final List<ScoredToken> tokens = new ArrayList<>();
    List<ScoredToken> prompt = List.of();
    @Nullable FinishReason reason;

    FinishedChoice finished() {
      if (reason == null) {
        throw new IllegalStateException("the answer ended before one of its choices");
      }
      return new FinishedChoice(
          text.toString(),
          reasoning.toString(),
          calls.stream().map(Call::finished).toList(),
          prompt,
          tokens,
          reason);
    }

    void add(AnswerPart part) {
      switch (part) {
        case AnswerPart.Text(String more) -> text.append(more);
        case AnswerPart.Reasoning(String more) -> reasoning.append(more);
        case AnswerPart.CallStart(int call, String id, String name) ->
            calls.add(new Call(id, name, new StringBuilder()));
        case AnswerPart.CallArguments(int call, String json) ->
            calls.get(call).arguments.append(json);
      }
    }
  }

  private record Call(String id, String name, StringBuilder arguments) {
    ToolCall finished() {
      return new ToolCall(id, name, arguments.toString());
    }
  }

  private final List<Choice> choices = new ArrayList<>();

  ChoiceCollector(int choiceCount) {
    for (int i = 0; i < choiceCount; i++) {
      choices.add(new Choice());
    }
  }

  void prompt(int choice, List<ScoredToken> prompt) {
    choices.get(choice).prompt = prompt;
  }

  void delta(int choice, AnswerPart part, List<ScoredToken> tokens) {
    choices.get(choice).add(part);
    choices.get(choice).tokens.addAll(tokens);
  }

  void end(int choice, FinishReason reason) {
    choices.get(choice).reason = reason;
  }

  /** All choices, in order; every one must have ended. */
  List<FinishedChoice> finished() {
    return choices.stream().map(Choice::finished).toList();
  }

  void clear() {
    choices.clear();
  }
}
