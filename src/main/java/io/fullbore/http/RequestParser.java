package io.fullbore.http;

import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.InvalidRequestException;
import io.vertx.core.AsyncResult;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Turns bodies into requests: short ones in place, long ones on a worker thread, so that no
 * caller's megabytes stop the streams of the others. Answers what cannot be read with 400.
 */
final class RequestParser {
  private static final int LONGEST_IN_PLACE_BYTES = 64 * 1024;

  private final Vertx vertx;

  RequestParser(Vertx vertx) {
    this.vertx = vertx;
  }

  <T> void parse(
      RoutingContext context, Buffer body, Function<Buffer, T> reader, Consumer<T> next) {
    if (body.length() > LONGEST_IN_PLACE_BYTES) {
      vertx
          .executeBlocking(() -> reader.apply(body), false)
          .onComplete(parsed -> proceed(context, parsed, next));
      return;
    }
    T request;
    try {
      request = reader.apply(body);
    } catch (InvalidRequestException e) {
      refuse(context, e);
      return;
    }
    next.accept(request);
  }

  /** Goes on after work on another thread; a caller that has gone meanwhile gets nothing. */
  static <T> void proceed(RoutingContext context, AsyncResult<T> result, Consumer<T> next) {
    if (context.response().closed()) {
      return;
    }
    if (result.cause() instanceof InvalidRequestException e) {
      refuse(context, e);
    } else if (result.failed()) {
      context.fail(result.cause());
    } else {
      try {
        next.accept(result.result());
      } catch (RuntimeException e) {
        context.fail(e);
      }
    }
  }

  private static void refuse(RoutingContext context, InvalidRequestException e) {
    JsonReply.error(context.response(), ApiError.of(e.failure(), ""));
  }
}
