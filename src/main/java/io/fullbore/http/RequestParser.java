package io.fullbore.http;

import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.InvalidRequestException;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Turns bodies into requests and releases them: short ones in place, long ones on a worker thread,
 * so that no caller's megabytes stop the streams of the others. Answers what cannot be read with
 * 400.
 */
final class RequestParser {
  private static final int LONGEST_IN_PLACE_BYTES = 64 * 1024;

  private final BoundedWorkers workers;

  RequestParser(BoundedWorkers workers) {
    this.workers = workers;
  }

  <T> void parse(
      RoutingContext context, RequestBody body, Function<Buffer, T> reader, Consumer<T> next) {
    if (body.bytes().length() > LONGEST_IN_PLACE_BYTES) {
      workers
          .run(context, () -> reader.apply(body.bytes()), next)
          .onComplete(ignored -> body.release());
      return;
    }
    T request;
    try {
      request = reader.apply(body.bytes());
    } catch (InvalidRequestException e) {
      JsonReply.error(context.request(), ApiError.of(e.failure(), ""));
      return;
    } finally {
      body.release();
    }
    next.accept(request);
  }
}
