package io.fullbore.http;

import io.fullbore.http.wire.AnthropicFormat;
import io.fullbore.http.wire.AnthropicFrame;
import io.fullbore.http.wire.CompletionRequest;
import io.fullbore.http.wire.Requester;
import io.fullbore.routing.RoutingTable;
import io.vertx.ext.web.RoutingContext;
import java.util.function.BiConsumer;

/** {@code POST /v1/messages}: chat completions in the form of Anthropic's API. */
final class MessagesHandler implements BiConsumer<RoutingContext, RequestBody> {
  private static final CompletionExchange.Style STYLE =
      new CompletionExchange.Style("msg_", "messages", AnthropicFormat::new, AnthropicFrame::new);

  private final RequestParser parser;
  private final CompletionExchange exchange;
  private final RoutingTable routes;

  MessagesHandler(RequestParser parser, CompletionExchange exchange, RoutingTable routes) {
    this.parser = parser;
    this.exchange = exchange;
    this.routes = routes;
  }

  @Override
  public void accept(RoutingContext context, RequestBody body) {
    Requester requester = Requesters.of(context);
    parser.parse(
        context,
        body,
        bytes -> CompletionRequest.messages(bytes, requester, routes),
        request -> exchange.start(context, request, STYLE));
  }
}
