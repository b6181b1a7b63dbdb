package io.fullbore.http;

import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.Usage;
import io.fullbore.http.wire.AnswerFormat;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.FinishedChoice;
import io.fullbore.sampling.TokenLogprobs;
import io.fullbore.serving.ScoredToken;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects an answer and sends it as one JSON object. Confined to one event loop, but for the
 * rendering of long answers, which a worker thread does.
 */
final class WholeAnswer implements ResponseSink {
  private static final Logger LOG = LoggerFactory.getLogger(WholeAnswer.class);

  /** Characters and log-probabilities of an answer that is rendered in place. */
  private static final long LONGEST_IN_PLACE = 16 * 1024;

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

  private final Vertx vertx;
  private final HttpServerResponse response;
  private final AnswerFormat format;
  private final String promptParam;
  private final List<Choice> choices = new ArrayList<>();

  WholeAnswer(
      Vertx vertx,
      HttpServerResponse response,
      AnswerFormat format,
      String promptParam,
      int choiceCount) {
    this.vertx = vertx;
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
    if (finished.stream().mapToLong(WholeAnswer::size).sum() <= LONGEST_IN_PLACE) {
      JsonReply.send(response, 200, format.whole(finished, usage));
      return;
    }
    vertx
        .executeBlocking(() -> Buffer.buffer(format.whole(finished, usage)), false)
        .onComplete(
            rendered -> {
              if (rendered.succeeded()) {
                JsonReply.send(response, 200, rendered.result());
              } else {
                LOG.error("an answer could not be rendered", rendered.cause());
                JsonReply.error(response, ApiError.internal());
              }
            });
  }

  private static long size(FinishedChoice choice) {
    return choice.text().length() + entries(choice.prompt()) + entries(choice.tokens());
  }

  /** All scored tokens, likeliest alternatives included. */
  private static long entries(List<ScoredToken> tokens) {
    long entries = 0;
    for (ScoredToken token : tokens) {
      TokenLogprobs scores = token.logprobs();
      entries += scores == null ? 0 : 1 + scores.topTokens().length;
    }
    return entries;
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
