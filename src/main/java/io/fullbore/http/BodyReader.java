package io.fullbore.http;

import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import java.util.function.BiConsumer;

/**
 * Collects a request's body up to a limit, whatever its content type says. A longer one is answered
 * with 413 at once; the rest is thrown away as it arrives, so that the caller gets to read the
 * answer, and a caller that goes on for too long is cut off. Likewise with 429 where this instance
 * holds too much of other bodies. A body that does not arrive, or not in time, is answered with
 * 408.
 */
final class BodyReader implements Handler<RoutingContext> {
  private static final int PATIENCE = 4;
  private static final long RETRY_MS = 1_000;
  private static final long NANOS_PER_MS = 1_000_000;

  /** Where connections may be idle for ever. */
  private static final long DEFAULT_SILENCE_MS = 60_000;

  private final Vertx vertx;
  private final long maxBytes;
  private final long maxSilenceMs;
  private final long maxReadingMs;
  private final BodyBudget budget;
  private final BiConsumer<RoutingContext, RequestBody> next;

  /**
   * @param settings {@code idleTimeoutMs} bounds the time between two pieces of a body, {@code
   *     requestTimeoutMs} the time for all of it
   * @param budget shared by all readers of this instance
   * @param next gets the complete body
   */
  BodyReader(
      Vertx vertx,
      ApiSettings settings,
      BodyBudget budget,
      BiConsumer<RoutingContext, RequestBody> next) {
    this.vertx = vertx;
    this.maxBytes = settings.maxBodyBytes();
    this.maxSilenceMs =
        settings.idleTimeoutMs() > 0 ? settings.idleTimeoutMs() : DEFAULT_SILENCE_MS;
    this.maxReadingMs = settings.requestTimeoutMs();
    this.budget = budget;
    this.next = next;
  }

  @Override
  public void handle(RoutingContext context) {
    new Reading(context).start();
  }

  private final class Reading {
    private final RoutingContext context;
    private final long startNanos = System.nanoTime();
    private long lastReceiptNanos = startNanos;
    private long timer;
    private Buffer body = Buffer.buffer();
    private long receivedBytes;
    private boolean refused;

    Reading(RoutingContext context) {
      this.context = context;
    }

    void start() {
      HttpServerRequest request = context.request();
      request.handler(this::receive);
      request.endHandler(ignored -> end());
      request.exceptionHandler(ignored -> drop());
      setTimer(Math.min(maxSilenceMs, maxReadingMs));
      String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
      if (length != null && Long.parseLong(length) > maxBytes) {
        refuseLength();
      }
    }

    /** Goes off when the body may be late, and is set anew for when it will be. */
    private void setTimer(long delayMs) {
      timer = vertx.setTimer(delayMs, ignored -> checkTime(System.nanoTime()));
    }

    private void checkTime(long nowNanos) {
      long silenceLeftMs = maxSilenceMs - (nowNanos - lastReceiptNanos) / NANOS_PER_MS;
      long readingLeftMs = maxReadingMs - (nowNanos - startNanos) / NANOS_PER_MS;
      long leftMs = Math.min(silenceLeftMs, readingLeftMs);
      if (leftMs > 0) {
        setTimer(leftMs);
        return;
      }
      if (!refused) {
        if (context.request().version() != HttpVersion.HTTP_2) { // which knows no such header
          context.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
        refuse(ApiError.invalid(408, "The body did not arrive in time.", "request_timeout"));
      }
      Connections.stopReading(context.request());
    }

    private void receive(Buffer part) {
      lastReceiptNanos = System.nanoTime();
      receivedBytes += part.length();
      if (refused) {
        if (receivedBytes > PATIENCE * maxBytes) {
          Connections.stopReading(context.request());
        }
      } else if (receivedBytes > maxBytes) {
        refuseLength();
      } else if (!budget.take(part.length())) {
        Failure failure =
            new Failure.Overloaded("Too many long requests arrive at once.", RETRY_MS);
        refuse(ApiError.of(failure, ""));
      } else {
        body.appendBuffer(part);
      }
    }

    private void refuseLength() {
      refuse(
          ApiError.invalid(
              413, "The body is longer than %d bytes.".formatted(maxBytes), "request_too_large"));
    }

    private void refuse(ApiError error) {
      refused = true;
      forget();
      JsonReply.error(context.request(), error);
    }

    private void forget() {
      budget.giveBack(body.length());
      body = Buffer.buffer();
    }

    /** The caller has gone. */
    private void drop() {
      vertx.cancelTimer(timer);
      refused = true;
      forget();
    }

    private void end() {
      vertx.cancelTimer(timer);
      if (!refused) {
        var complete = new RequestBody(body, budget);
        body = Buffer.buffer();
        try {
          next.accept(context, complete);
        } catch (RuntimeException e) {
          complete.release();
          context.fail(e);
        }
      }
    }
  }
}
