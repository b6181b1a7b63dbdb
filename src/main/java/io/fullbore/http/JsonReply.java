package io.fullbore.http;

import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.ErrorShape;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;

/** Sends answers that are one JSON object. A response that has gone already is left alone. */
final class JsonReply {
  private JsonReply() {}

  static void send(HttpServerResponse response, int status, String json) {
    send(response, status, Buffer.buffer(json));
  }

  static void send(HttpServerResponse response, int status, Buffer json) {
    if (!response.closed() && !response.headWritten()) {
      response
          .setStatusCode(status)
          .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
          .putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(json.length())) // also of a HEAD
          .end(json);
    }
  }

  /** In the shape of the endpoint that was called. */
  static void error(HttpServerRequest request, ApiError error) {
    HttpServerResponse response = request.response();
    ErrorShape shape = ErrorShape.of(request.path());
    if (!response.headWritten() && error.retryAfterSeconds() > 0) {
      response.putHeader("Retry-After", Long.toString(error.retryAfterSeconds()));
    }
    send(response, shape.status(error), shape.json(error));
  }
}
