package io.fullbore.http;

import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.InvalidRequestException;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.Callable;
import java.util.function.Consumer;

/**
 * Runs what would hold an event loop up on worker threads. All API instances share these threads
 * with the preparation of prompts, so one instance may have so much work waiting and no more; what
 * comes beyond that is answered with 429. Confined to one event loop.
 */
final class BoundedWorkers {
  /** Pieces of work that one API instance has waiting or running. */
  static final int MAX_PENDING = 64;

  private static final long RETRY_MS = 1_000;

  private final Vertx vertx;
  private final int maxPending;
  private int pending;

  BoundedWorkers(Vertx vertx, int maxPending) {
    this.vertx = vertx;
    this.maxPending = maxPending;
  }

  /**
   * Goes on with {@code next} once the work is done; answers an {@link InvalidRequestException}
   * with 400. A caller that has gone meanwhile gets nothing.
   *
   * @return completes when nothing of the work is left to do, however it went
   */
  <T> Future<?> run(RoutingContext context, Callable<T> work, Consumer<T> next) {
    if (pending >= maxPending) {
      Failure failure = new Failure.Overloaded("Too many long requests arrive at once.", RETRY_MS);
      JsonReply.error(context.request(), ApiError.of(failure, ""));
      return Future.succeededFuture();
    }
    pending++;
    return vertx
        .executeBlocking(work, false)
        .onComplete(
            done -> {
              pending--;
              proceed(context, done, next);
            });
  }

  private static <T> void proceed(RoutingContext context, AsyncResult<T> done, Consumer<T> next) {
    if (context.response().closed()) {
      return;
    }
    if (done.cause() instanceof InvalidRequestException e) {
      JsonReply.error(context.request(), ApiError.of(e.failure(), ""));
    } else if (done.failed()) {
      context.fail(done.cause());
    } else {
      try {
        next.accept(done.result());
      } catch (RuntimeException e) {
        context.fail(e);
      }
    }
  }
}
