package io.fullbore.http;

import io.fullbore.http.wire.CompletionRequest;
import io.fullbore.http.wire.Requester;
import io.fullbore.http.wire.TextFormat;
import io.vertx.ext.web.RoutingContext;
import java.util.function.BiConsumer;

/** {@code POST /v1/completions}. */
final class TextCompletionsHandler implements BiConsumer<RoutingContext, RequestBody> {
  private static final CompletionExchange.Style STYLE =
      new CompletionExchange.Style("cmpl-", "prompt", TextFormat::new);

  private final RequestParser parser;
  private final CompletionExchange exchange;

  TextCompletionsHandler(RequestParser parser, CompletionExchange exchange) {
    this.parser = parser;
    this.exchange = exchange;
  }

  @Override
  public void accept(RoutingContext context, RequestBody body) {
    Requester requester = Requesters.of(context);
    parser.parse(
        context,
        body,
        bytes -> CompletionRequest.text(bytes, requester),
        request -> exchange.start(context, request, STYLE));
  }
}
