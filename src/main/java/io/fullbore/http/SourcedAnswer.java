package io.fullbore.http;

import io.fullbore.cache.StoredAnswer;
import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Origin;
import io.fullbore.core.Usage;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.ErrorShape;
import io.fullbore.limits.RateHeaders;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.serving.AnswerFlow;
import io.fullbore.serving.AnswerReader;
import io.fullbore.serving.AnswerSource;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says where an answer comes from, sends a remembered one as it is, and leaves the others to the
 * writer. Confined to one event loop, but for the rendering of long answers.
 */
final class SourcedAnswer implements AnswerReader, ResponseSink {
  /** Makes the writer of an answer. */
  @FunctionalInterface
  interface Writers {
    /**
     * @param origin who answers, to be asked when the answer has begun
     */
    ResponseSink writer(Supplier<Origin> origin);
  }

  private static final Logger LOG = LoggerFactory.getLogger(SourcedAnswer.class);
  private static final long MS_PER_SECOND = 1_000;

  private final Vertx vertx;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final Writers writers;
  private final boolean stream;
  private final Function<StoredAnswer, Buffer> form;
  private final InstantSource clock;
  private @Nullable ResponseSink writer;
  private @Nullable Origin origin;

  /**
   * @param writers makes the writer of an answer that is produced now; remembered ones need none
   * @param form gives a remembered answer as it is sent
   */
  SourcedAnswer(
      Vertx vertx,
      HttpServerRequest request,
      Writers writers,
      boolean stream,
      Function<StoredAnswer, Buffer> form,
      InstantSource clock) {
    this.vertx = vertx;
    this.request = request;
    this.response = request.response();
    this.writers = writers;
    this.stream = stream;
    this.form = form;
    this.clock = clock;
  }

  @Override
  public void onSource(AnswerSource source) {
    if (!response.closed() && !response.headWritten()) {
      response.putHeader(CacheHeaders.CACHE, CacheHeaders.spelled(source));
    }
  }

  /** A stream's head may be sent, where its reader was kept waiting for somebody else's answer. */
  @Override
  public void onStored(StoredAnswer answer) {
    disconnected(); // the writer's: nothing comes from it any more
    if (answer.isLong()) {
      vertx
          .executeBlocking(() -> form.apply(answer), false)
          .onSuccess(body -> send(answer, body))
          .onFailure(
              cause -> {
                LOG.error("a remembered answer could not be rendered", cause);
                fail();
              });
    } else {
      send(answer, form.apply(answer));
    }
  }

  private void send(StoredAnswer answer, Buffer body) {
    if (response.closed()) {
      return;
    }
    if (response.headWritten()) {
      response.end(body);
      return;
    }
    ServedBy.put(response, answer.origin());
    long ageMs = Math.max(0, clock.millis() - answer.storedEpochMs());
    response.putHeader(CacheHeaders.AGE, Long.toString(ageMs / MS_PER_SECOND));
    if (stream) {
      StreamedAnswer.putHeaders(response);
      response.end(body);
    } else {
      JsonReply.send(response, 200, body);
    }
  }

  private void fail() {
    if (response.headWritten()) {
      if (!response.closed()) {
        response.end(ErrorShape.of(request.path()).event(ApiError.internal()));
      }
    } else {
      JsonReply.error(request, ApiError.internal());
    }
  }

  @Override
  public void onReserved(RateHeaders headers) {
    RequestLimit.put(response, headers);
  }

  /** A stream's reader may have to be kept waiting from now on. */
  @Override
  public void onServedBy(Origin asked) {
    origin = asked;
    ServedBy.put(response, asked);
    writer();
  }

  @Override
  public void onFlow(AnswerFlow flow) {
    writer().onFlow(flow);
  }

  @Override
  public void onForwarded(ForwardedPiece piece) {
    writer().onForwarded(piece);
  }

  @Override
  public void onAccepted() {
    writer().onAccepted();
  }

  @Override
  public void onPrompt(int choice, List<ScoredToken> prompt) {
    writer().onPrompt(choice, prompt);
  }

  @Override
  public void onDelta(int choice, AnswerPart part, List<ScoredToken> tokens) {
    writer().onDelta(choice, part, tokens);
  }

  @Override
  public void onChoiceEnd(int choice, FinishReason reason) {
    writer().onChoiceEnd(choice, reason);
  }

  @Override
  public void onEnd(Usage usage) {
    writer().onEnd(usage);
  }

  @Override
  public void onFailure(Failure failure) {
    writer().onFailure(failure);
  }

  @Override
  public void disconnected() {
    if (writer != null) {
      writer.disconnected();
    }
  }

  private ResponseSink writer() {
    if (writer == null) {
      writer = writers.writer(() -> Objects.requireNonNull(origin, "nobody was asked"));
    }
    return writer;
  }
}
