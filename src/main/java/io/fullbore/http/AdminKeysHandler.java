package io.fullbore.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.auth.IssuedKey;
import io.fullbore.auth.KeyJson;
import io.fullbore.auth.KeyStore;
import io.fullbore.auth.KeysUnavailableException;
import io.fullbore.auth.Revocation;
import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.KeyRequestReader;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;

/**
 * {@code /admin/keys}: makes keys, lists them and revokes them. A key's secret is in the answer
 * that makes it and nowhere else. Behind {@link AdminGuard}.
 */
final class AdminKeysHandler {
  /** The path parameter that holds a key's id. */
  static final String ID = "id";

  private final KeyStore keys;
  private final RequestParser parser;
  private final InstantSource clock;

  AdminKeysHandler(KeyStore keys, RequestParser parser, InstantSource clock) {
    this.keys = keys;
    this.parser = parser;
    this.clock = clock;
  }

  /** {@code POST /admin/keys}. */
  void create(RoutingContext context, RequestBody body) {
    parser.parse(
        context,
        body,
        bytes -> KeyRequestReader.read(bytes, clock.instant()),
        spec ->
            keys.create(spec)
                .onSuccess(issued -> sendIssued(context.response(), issued))
                .onFailure(cause -> fail(context, cause)));
  }

  private static void sendIssued(HttpServerResponse response, IssuedKey issued) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("object", "api_key");
    json.put("key", issued.secret());
    json.setAll(KeyJson.describe(issued.record()));
    if (!response.headWritten() && !response.closed()) {
      response.putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    }
    JsonReply.send(response, 201, json.toString());
  }

  /** {@code GET /admin/keys}. */
  void list(RoutingContext context) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("object", "list");
    ArrayNode data = json.putArray("data");
    keys.list().forEach(key -> data.add(KeyJson.describe(key)));
    JsonReply.send(context.response(), 200, json.toString());
  }

  /** {@code DELETE /admin/keys/{id}}. */
  void revoke(RoutingContext context) {
    String id = context.pathParam(ID);
    keys.revoke(id)
        .onSuccess(revocation -> sendRevoked(context, id, revocation))
        .onFailure(cause -> fail(context, cause));
  }

  private static void sendRevoked(RoutingContext context, String id, Revocation revocation) {
    switch (revocation) {
      case REVOKED ->
          JsonReply.send(
              context.response(),
              200,
              JsonNodeFactory.instance
                  .objectNode()
                  .put("object", "api_key")
                  .put("id", id)
                  .put("deleted", true)
                  .toString());
      case UNKNOWN ->
          JsonReply.error(
              context.request(), ApiError.invalid(404, "No key has this id.", "not_found"));
      case READ_ONLY ->
          JsonReply.error(
              context.request(),
              ApiError.invalid(
                  409,
                  "This key stands in the file of auth.keysPath, which is only read where Redis"
                      + " holds the keys; remove it there.",
                  "read_only"));
    }
  }

  private static void fail(RoutingContext context, Throwable cause) {
    if (cause instanceof KeysUnavailableException) {
      var failure = new Failure.Unavailable(String.valueOf(cause.getMessage()));
      JsonReply.error(context.request(), ApiError.of(failure, ""));
    } else {
      context.fail(cause);
    }
  }
}
