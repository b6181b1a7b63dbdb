package io.fullbore.stub;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Sends one plan at its pace. Owned by the stub's event loop. */
final class AnswerWriter {
  private static final int REPEATS_AT_ONCE = 64;

  private final Vertx vertx;
  private final StubRequest request;
  private final StubLog log;
  private final HttpServerResponse response;
  private final Runnable disconnect;
  private final AnswerPlan plan;
  private long startNanos;
  private int sentCount;

  /**
   * @param disconnect closes the request's connection
   */
  AnswerWriter(
      Vertx vertx,
      StubRequest request,
      StubLog log,
      HttpServerResponse response,
      Runnable disconnect,
      AnswerPlan plan) {
    this.vertx = vertx;
    this.request = request;
    this.log = log;
    this.response = response;
    this.disconnect = disconnect;
    this.plan = plan;
  }

  /** Begins after a while. */
  void send(long afterNanos) {
    long afterMs = TimeUnit.NANOSECONDS.toMillis(afterNanos);
    if (afterMs > 0) {
      vertx.setTimer(afterMs, ignored -> begin());
    } else {
      begin();
    }
  }

  private boolean isGone() {
    return request.end() != null;
  }

  private void begin() {
    if (isGone()) {
      return;
    }
    AnswerPlan.Head head = plan.head();
    if (head == null) {
      finish();
      return;
    }
    log.status(head.status());
    response.setStatusCode(head.status());
    head.headers().forEach(response::putHeader);
    if (head.contentLength() >= 0) {
      response.putHeader("Content-Length", Integer.toString(head.contentLength()));
    } else {
      response.setChunked(true);
    }
    if (head.contentLength() >= 0 && plan.ending() == AnswerPlan.Ending.END && isOnePiece()) {
      ended(StubRequest.End.ANSWERED);
      response.end(plan.pieces().isEmpty() ? Buffer.buffer() : plan.pieces().getFirst());
      return;
    }
    startNanos = System.nanoTime();
    response.writeHead();
    sendDue();
  }

  private boolean isOnePiece() {
    return plan.pieces().size() <= 1;
  }

  /** Sends what is due and comes back for the rest. */
  private void sendDue() {
    if (isGone()) {
      return;
    }
    List<Buffer> pieces = plan.pieces();
    int due = dueCount();
    while (sentCount < pieces.size() && sentCount < due) {
      response.write(pieces.get(sentCount++));
    }
    if (sentCount == pieces.size()) {
      finish();
    } else if (plan.piecesPerSecond() == 0) {
      vertx.runOnContext(ignored -> sendDue());
    } else {
      vertx.setTimer(untilNextMs(), ignored -> sendDue());
    }
  }

  /** Without a pace, one more each time: pieces written in one go would come in one packet. */
  private int dueCount() {
    if (plan.piecesPerSecond() == 0) {
      return sentCount + 1;
    }
    double seconds = (System.nanoTime() - startNanos) / (double) TimeUnit.SECONDS.toNanos(1);
    return 1 + (int) (seconds * plan.piecesPerSecond());
  }

  private long untilNextMs() {
    double dueSeconds = sentCount / plan.piecesPerSecond();
    double goneSeconds = (System.nanoTime() - startNanos) / (double) TimeUnit.SECONDS.toNanos(1);
    return Math.max(1, (long) Math.ceil((dueSeconds - goneSeconds) * 1_000));
  }

  private void finish() {
    switch (plan.ending()) {
      case END -> {
        ended(StubRequest.End.ANSWERED);
        response.end();
      }
      case CLOSE -> {
        ended(StubRequest.End.CLOSED_BY_STUB);
        disconnect.run();
      }
      case HANG -> {
        // The caller's leaving ends it.
      }
      case REPEAT -> repeat();
    }
  }

  private void repeat() {
    Buffer last = plan.pieces().getLast();
    if (plan.piecesPerSecond() > 0) {
      vertx.setTimer(
          Math.max(1, (long) (1_000 / plan.piecesPerSecond())),
          ignored -> {
            if (!isGone()) {
              response.write(last.copy());
              repeat();
            }
          });
      return;
    }
    for (int i = 0; i < REPEATS_AT_ONCE && !isGone(); i++) {
      if (response.writeQueueFull()) {
        response.drainHandler(ignored -> repeat());
        return;
      }
      response.write(last.copy());
    }
    if (!isGone()) {
      vertx.runOnContext(ignored -> repeat());
    }
  }

  private void ended(StubRequest.End how) {
    log.end(request, how, System.nanoTime());
  }
}
