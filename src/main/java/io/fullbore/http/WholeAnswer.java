package io.fullbore.http;

import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Usage;
import io.fullbore.http.wire.AnswerFormat;
import io.fullbore.http.wire.AnswerFrame;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.FinishedChoice;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.sampling.TokenLogprobs;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.function.Supplier;
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

  private final Vertx vertx;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final Supplier<AnswerFormat> formats;
  private final AnswerFrame frame;
  private final String promptParam;
  private final ChoiceCollector choices;
  private @Nullable ForwardedPiece forwarded;

  /**
   * @param formats spells a local model's answer; not asked for where others answer
   * @param frame of this answer alone
   */
  WholeAnswer(
      Vertx vertx,
      HttpServerRequest request,
      Supplier<AnswerFormat> formats,
      AnswerFrame frame,
      String promptParam,
      int choiceCount) {
    this.vertx = vertx;
    this.request = request;
    this.response = request.response();
    this.formats = formats;
    this.frame = frame;
    this.promptParam = promptParam;
    this.choices = new ChoiceCollector(choiceCount);
  }

  @Override
  public void onAccepted() {}

  @Override
  public void onForwarded(ForwardedPiece piece) {
    forwarded = piece;
  }

  @Override
  public void onPrompt(int choice, List<ScoredToken> prompt) {
    choices.prompt(choice, prompt);
  }

  @Override
  public void onDelta(int choice, AnswerPart part, List<ScoredToken> tokens) {
    choices.delta(choice, part, tokens);
  }

  @Override
  public void onChoiceEnd(int choice, FinishReason reason) {
    choices.end(choice, reason);
  }

  @Override
  public void onEnd(Usage usage) {
    if (forwarded != null) {
      JsonReply.send(response, 200, frame.whole(forwarded, usage));
      return;
    }
    AnswerFormat format = formats.get();
    List<FinishedChoice> finished = choices.finished();
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
                JsonReply.error(request, ApiError.internal());
              }
            });
  }

  private static long size(FinishedChoice choice) {
    return choice.text().length()
        + choice.reasoning().length()
        + choice.calls().stream().mapToLong(call -> call.arguments().length()).sum()
        + entries(choice.prompt())
        + entries(choice.tokens());
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
    JsonReply.error(request, ApiError.of(failure, promptParam));
  }

  @Override
  public void disconnected() {
    choices.clear();
  }
}
