package io.fullbore.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.Conversation;
import io.fullbore.http.wire.JsonText;
import io.fullbore.http.wire.Requester;
import io.fullbore.http.wire.ResponseHead;
import io.fullbore.http.wire.ResponsesFormat;
import io.fullbore.http.wire.ResponsesFrame;
import io.fullbore.http.wire.ResponsesRequest;
import io.fullbore.routing.RoutingTable;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /v1/responses}: chat completions in the form of OpenAI's responses API; and what
 * becomes of responses that are kept.
 */
final class ResponsesHandler implements BiConsumer<RoutingContext, RequestBody> {
  static final String ID = "response";
  private static final String PREFIX = "resp_";

  private final RequestParser parser;
  private final CompletionExchange exchange;
  private final RoutingTable routes;
  private final ResponseStore store;
  private final InstantSource clock;

  ResponsesHandler(
      RequestParser parser,
      CompletionExchange exchange,
      RoutingTable routes,
      ResponseStore store,
      InstantSource clock) {
    this.parser = parser;
    this.exchange = exchange;
    this.routes = routes;
    this.store = store;
    this.clock = clock;
  }

  @Override
  public void accept(RoutingContext context, RequestBody body) {
    Requester requester = Requesters.of(context);
    String keyId = requester.caller().keyId();
    parser.parse(
        context,
        body,
        bytes -> ResponsesRequest.read(bytes, requester, routes, id -> conversation(keyId, id)),
        request -> exchange.start(context, request.completion(), style(keyId, request)));
  }

  private @Nullable Conversation conversation(String keyId, String id) {
    ResponseStore.Stored stored = store.get(keyId, id);
    return stored == null ? null : stored.conversation();
  }

  private CompletionExchange.Style style(String keyId, ResponsesRequest request) {
    long created = clock.instant().getEpochSecond();
    Consumer<ObjectNode> keep = response -> keep(keyId, request, response);
    return new CompletionExchange.Style(
        PREFIX,
        "input",
        (head, ignored, model) ->
            new ResponsesFormat(new ResponseHead(head.id(), created, request), keep),
        () ->
            new ResponsesFrame(
                new ResponseHead(RequestNames.random(PREFIX), created, request), keep),
        true);
  }

  private void keep(String keyId, ResponsesRequest request, ObjectNode response) {
    if (!request.store() || request.conversation().chars() > ResponseStore.MAX_SHELF_CHARS) {
      return;
    }
    String json = response.toString();
    var said = request.conversation().and((ArrayNode) response.path("output"), json.length());
    store.put(keyId, response.path("id").asText(), new ResponseStore.Stored(json, said));
  }

  /** {@code GET /v1/responses/{id}}. */
  void show(RoutingContext context) {
    String id = context.pathParam(ID);
    ResponseStore.Stored stored = store.get(Authenticator.caller(context).keyId(), id);
    if (stored == null) {
      refuseUnknown(context, id);
    } else {
      JsonReply.send(context.response(), 200, stored.json());
    }
  }

  /** {@code DELETE /v1/responses/{id}}. */
  void delete(RoutingContext context) {
    String id = context.pathParam(ID);
    if (!store.remove(Authenticator.caller(context).keyId(), id)) {
      refuseUnknown(context, id);
      return;
    }
    JsonReply.send(
        context.response(),
        200,
        JsonText.object(
            json -> {
              json.writeStringField("id", id);
              json.writeStringField("object", "response");
              json.writeBooleanField("deleted", true);
            }));
  }

  private static void refuseUnknown(RoutingContext context, String id) {
    JsonReply.error(
        context.request(),
        ApiError.invalid(404, "Response with id '%s' not found.".formatted(id), "not_found"));
  }
}
