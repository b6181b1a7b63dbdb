package io.fullbore.http;

import io.fullbore.cache.StoredAnswer;
import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Origin;
import io.fullbore.core.Usage;
import io.fullbore.http.wire.ApiError;
import io.fullbore.limits.RateHeaders;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.serving.AnswerFlow;
import io.fullbore.serving.AnswerReader;
import io.fullbore.serving.AnswerSource;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a bug in the writing of one answer to this answer: its response ends, with 500 where it has
 * not begun and else with its connection or HTTP/2 stream, its sequences are cancelled, and the
 * events of others in the same step still arrive. Confined to one event loop.
 */
final class GuardedSink implements AnswerReader {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedSink.class);

  private final HttpServerRequest request;
  private final SourcedAnswer sink;
  private @Nullable Runnable cancel;
  private boolean broken;

  GuardedSink(HttpServerRequest request, SourcedAnswer sink) {
    this.request = request;
    this.sink = sink;
  }

  /** Names what cancels the answer. */
  void bind(Runnable cancelling) {
    cancel = cancelling;
    if (broken) {
      cancelling.run();
    }
  }

  @Override
  public void onSource(AnswerSource source) {
    guard(() -> sink.onSource(source));
  }

  @Override
  public void onStored(StoredAnswer answer) {
    guard(() -> sink.onStored(answer));
  }

  @Override
  public void onReserved(RateHeaders headers) {
    guard(() -> sink.onReserved(headers));
  }

  @Override
  public void onServedBy(Origin origin) {
    guard(() -> sink.onServedBy(origin));
  }

  @Override
  public void onFlow(AnswerFlow flow) {
    guard(() -> sink.onFlow(flow));
  }

  @Override
  public void onForwarded(ForwardedPiece piece) {
    guard(() -> sink.onForwarded(piece));
  }

  @Override
  public void onAccepted() {
    guard(sink::onAccepted);
  }

  @Override
  public void onPrompt(int choice, List<ScoredToken> prompt) {
    guard(() -> sink.onPrompt(choice, prompt));
  }

  @Override
  public void onDelta(int choice, AnswerPart part, List<ScoredToken> tokens) {
    guard(() -> sink.onDelta(choice, part, tokens));
  }

  @Override
  public void onChoiceEnd(int choice, FinishReason reason) {
    guard(() -> sink.onChoiceEnd(choice, reason));
  }

  @Override
  public void onEnd(Usage usage) {
    guard(() -> sink.onEnd(usage));
  }

  @Override
  public void onFailure(Failure failure) {
    guard(() -> sink.onFailure(failure));
  }

  /** The reader has gone: the answer is cancelled, and nothing is written any more. */
  void disconnected() {
    if (cancel != null) {
      cancel.run();
    }
    sink.disconnected();
  }

  private void guard(Runnable event) {
    if (broken) {
      return;
    }
    try {
      event.run();
    } catch (RuntimeException e) {
      LOG.error("writing the answer to {} {} failed", request.method(), request.path(), e);
      broken = true;
      sink.disconnected();
      end();
      if (cancel != null) {
        cancel.run();
      }
    }
  }

  private void end() {
    HttpServerResponse response = request.response();
    if (response.headWritten()) {
      Connections.cut(request);
    } else {
      JsonReply.error(request, ApiError.internal());
    }
  }
}
