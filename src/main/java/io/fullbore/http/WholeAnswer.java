package io.fullbore.http;

import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.Usage;
import io.fullbore.http.wire.AnswerFormat;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.FinishedChoice;
import io.fullbore.serving.ScoredToken;
import io.vertx.core.http.HttpServerResponse;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects an answer and sends it as one JSON object. Confined to one event loop. */
final class WholeAnswer implements ResponseSink {
  private static final class Choice {
    final StringBuilder text = new StringBuilder();
    final List<ScoredToken> tokens = new ArrayList<>();
    List<ScoredToken> prompt = List.of();
    @Nullable FinishReason reason;

    FinishedChoice finished() {
      if (reason == null) {
        throw new IllegalStateException("the answer ended before one of its choices");
      }
      return new FinishedChoice(text.toString(), prompt, tokens, reason);
    }
  }

  private final HttpServerResponse response;
  private final AnswerFormat format;
  private final String promptParam;
  private final List<Choice> choices = new ArrayList<>();

  WholeAnswer(
      HttpServerResponse response, AnswerFormat format, String promptParam, int choiceCount) {
    this.response = response;
    this.format = format;
    this.promptParam = promptParam;
    for (int i = 0; i < choiceCount; i++) {
      choices.add(new Choice());
    }
  }

  @Override
  public void onAccepted() {}

  @Override
  public void onPrompt(int choice, List<ScoredToken> prompt) {
    choices.get(choice).prompt = prompt;
  }

  @Override
  public void onDelta(int choice, String text, List<ScoredToken> tokens) {
    choices.get(choice).text.append(text);
    choices.get(choice).tokens.addAll(tokens);
  }

  @Override
  public void onChoiceEnd(int choice, FinishReason reason) {
    choices.get(choice).reason = reason;
  }

  @Override
  public void onEnd(Usage usage) {
    List<FinishedChoice> finished = choices.stream().map(Choice::finished).toList();
    JsonReply.send(response, 200, format.whole(finished, usage));
  }

  @Override
  public void onFailure(Failure failure) {
    JsonReply.error(response, ApiError.of(failure, promptParam));
  }

  @Override
  public void disconnected() {
    choices.clear();
  }
}
