package io.fullbore.http;

import io.fullbore.http.wire.CompletionRequest;
import io.fullbore.http.wire.OpenAiFrame;
import io.fullbore.http.wire.Requester;
import io.fullbore.http.wire.TextFormat;
import io.fullbore.routing.RoutingTable;
import io.vertx.ext.web.RoutingContext;
import java.util.function.BiConsumer;

/** {@code POST /v1/completions}. */
final class TextCompletionsHandler implements BiConsumer<RoutingContext, RequestBody> {
  private static final CompletionExchange.Style STYLE =
      new CompletionExchange.Style("cmpl-", "prompt", TextFormat::new, OpenAiFrame::new);

  private final RequestParser parser;
  private final CompletionExchange exchange;
  private final RoutingTable routes;

  TextCompletionsHandler(RequestParser parser, CompletionExchange exchange, RoutingTable routes) {
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
        bytes -> CompletionRequest.text(bytes, requester, routes),
        request -> exchange.start(context, request, STYLE));
  }
}
