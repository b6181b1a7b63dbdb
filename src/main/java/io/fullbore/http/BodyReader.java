package io.fullbore.http;

import io.fullbore.http.wire.ApiError;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.function.BiConsumer;

/**
 * Collects a request's body up to a limit, whatever its content type says. A longer one is answered
 * with 413 at once; the rest is thrown away as it arrives, so that the caller gets to read the
 * answer, and a caller that goes on for too long is cut off.
 */
final class BodyReader implements Handler<RoutingContext> {
  private static final int PATIENCE = 4;

  private final long maxBytes;
  private final BiConsumer<RoutingContext, Buffer> next;

  BodyReader(long maxBytes, BiConsumer<RoutingContext, Buffer> next) {
    this.maxBytes = maxBytes;
    this.next = next;
  }

  @Override
  public void handle(RoutingContext context) {
    new Reading(context).start();
  }

  private final class Reading {
    private final RoutingContext context;
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
      String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
      if (length != null && Long.parseLong(length) > maxBytes) {
        refuse();
      }
    }

    private void receive(Buffer part) {
      receivedBytes += part.length();
      if (refused) {
        if (receivedBytes > PATIENCE * maxBytes) {
          context.request().connection().close();
        }
      } else if (receivedBytes > maxBytes) {
        refuse();
      } else {
        body.appendBuffer(part);
      }
    }

    private void refuse() {
      refused = true;
      body = Buffer.buffer();
      JsonReply.error(
          context.response(),
          ApiError.invalid(
              413, "The body is longer than %d bytes.".formatted(maxBytes), "request_too_large"));
    }

    private void end() {
      if (!refused) {
        try {
          next.accept(context, body);
        } catch (RuntimeException e) {
          context.fail(e);
        }
      }
    }
  }
}
