package io.fullbore.http;

import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Usage;
import io.fullbore.http.wire.AnswerFormat;
import io.fullbore.http.wire.AnswerFrame;
import io.fullbore.http.wire.ApiError;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.serving.AnswerFlow;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends an answer as server-sent events. The response begins only when the request is accepted, so
 * that a refusal still gets its own status; what goes wrong later is the stream's last event.
 *
 * <p>Never waits for its reader: while the connection is full, events gather in {@code unsent}, and
 * a reader who lets too much of it gather is given up. Confined to one event loop.
 */
final class StreamedAnswer implements ResponseSink {
  /** What may wait for the reader, beside what the connection holds. */
  static final int MAX_UNSENT_CHARS = 4 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(StreamedAnswer.class);
  private static final long NO_TIMER = -1;
  private static final long NANOS_PER_MS = 1_000_000;

  private final Vertx vertx;
  private final HttpServerRequest request;
  private final HttpServerResponse response;
  private final Supplier<AnswerFormat> formats;
  private final AnswerFrame frame;
  private final String promptParam;
  private final long keepAliveMs;
  private final StringBuilder unsent = new StringBuilder();
  private @Nullable AnswerFormat format;
  private @Nullable AnswerFlow flow;
  private boolean full;
  private boolean givenUp;
  private long lastWriteNanos;
  private long timer = NO_TIMER;

  /**
   * @param formats spells a local model's answer; not asked for where others answer
   * @param frame of this answer alone
   */
  StreamedAnswer(
      Vertx vertx,
      HttpServerRequest request,
      Supplier<AnswerFormat> formats,
      AnswerFrame frame,
      String promptParam,
      long keepAliveMs) {
    this.vertx = vertx;
    this.request = request;
    this.response = request.response();
    this.formats = formats;
    this.frame = frame;
    this.promptParam = promptParam;
    this.keepAliveMs = keepAliveMs;
    lastWriteNanos = System.nanoTime();
    if (keepAliveMs > 0) {
      timer = vertx.setTimer(keepAliveMs, ignored -> keepAlive());
    }
  }

  @Override
  public void onAccepted() {
    if (!response.closed() && !response.headWritten()) {
      putHeaders(response);
      response.setChunked(true).writeHead();
      lastWriteNanos = System.nanoTime();
    }
  }

  @Override
  public void onFlow(AnswerFlow answerFlow) {
    flow = answerFlow;
    if (full) {
      flow.pause();
    }
  }

  @Override
  public void onForwarded(ForwardedPiece piece) {
    write(frame.piece(piece));
  }

  /** Spells a local model's answer, which begins with the first thing it has to say. */
  private AnswerFormat own() {
    if (format == null) {
      format = formats.get();
      write(format.opening());
    }
    return format;
  }

  /** What the head of every stream says. */
  static void putHeaders(HttpServerResponse response) {
    response
        .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache")
        .putHeader("X-Accel-Buffering", "no");
  }

  @Override
  public void onPrompt(int choice, List<ScoredToken> prompt) {
    write(own().prompt(choice, prompt));
  }

  @Override
  public void onDelta(int choice, AnswerPart part, List<ScoredToken> tokens) {
    write(own().delta(choice, part, tokens));
  }

  @Override
  public void onChoiceEnd(int choice, FinishReason reason) {
    write(own().choiceEnd(choice, reason));
  }

  @Override
  public void onEnd(Usage usage) {
    end((format == null ? "" : format.usage(usage)) + frame.done(usage));
  }

  @Override
  public void onFailure(Failure failure) {
    ApiError error = ApiError.of(failure, promptParam);
    if (response.headWritten()) {
      end(format == null ? frame.failure(error) : format.failure(error));
    } else {
      stopTimer();
      JsonReply.error(request, error);
    }
  }

  @Override
  public void disconnected() {
    stopTimer();
    unsent.setLength(0);
  }

  private void write(String events) {
    if (events.isEmpty() || givenUp || response.closed()) {
      return;
    }
    lastWriteNanos = System.nanoTime();
    if (full) {
      keep(events);
      return;
    }
    response.write(events);
    if (response.writeQueueFull()) {
      full = true;
      if (flow != null) {
        flow.pause();
      }
      response.drainHandler(ignored -> drained());
    }
  }

  private void keep(String events) {
    if (unsent.length() + events.length() > MAX_UNSENT_CHARS) {
      giveUp();
    } else {
      unsent.append(events);
    }
  }

  /** The connection's end reaches the answer like every other disconnection, and cancels it. */
  private void giveUp() {
    LOG.warn(
        "a stream to {} is cut: more than {} characters wait for its reader",
        request.remoteAddress(),
        MAX_UNSENT_CHARS);
    givenUp = true;
    disconnected();
    Connections.cut(request);
  }

  private void drained() {
    full = false;
    String events = unsent.toString();
    unsent.setLength(0);
    if (!response.ended()) {
      write(events);
    }
    if (!full && flow != null) {
      flow.resume();
    }
  }

  private void end(String lastEvents) {
    stopTimer();
    if (!givenUp && !response.closed()) {
      response.end(unsent.append(lastEvents).toString());
    }
    unsent.setLength(0);
  }

  /**
   * Goes off when the last write may be long enough ago, and is set anew for when it will be. Where
   * nobody has answered yet, the response begins with it.
   */
  private void keepAlive() {
    onAccepted();
    long silentMs = (System.nanoTime() - lastWriteNanos) / NANOS_PER_MS;
    if (silentMs >= keepAliveMs && !full) {
      write(frame.keepAlive());
    }
    long nextMs = silentMs >= keepAliveMs ? keepAliveMs : keepAliveMs - silentMs;
    timer = vertx.setTimer(nextMs, ignored -> keepAlive());
  }

  private void stopTimer() {
    if (timer != NO_TIMER) {
      vertx.cancelTimer(timer);
      timer = NO_TIMER;
    }
  }
}
