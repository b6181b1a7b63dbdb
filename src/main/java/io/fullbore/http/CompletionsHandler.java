package io.fullbore.http;

import io.fullbore.http.wire.AnthropicFormat;
import io.fullbore.http.wire.AnthropicFrame;
import io.fullbore.http.wire.ChatFormat;
import io.fullbore.http.wire.CompletionRequest;
import io.fullbore.http.wire.OpenAiFrame;
import io.fullbore.http.wire.Requester;
import io.fullbore.http.wire.TextFormat;
import io.fullbore.routing.RoutingTable;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.util.function.BiConsumer;

/** An endpoint that generates: reads the body in its own form, and answers in its own style. */
final class CompletionsHandler implements BiConsumer<RoutingContext, RequestBody> {
  /** A form of request, and the style of its answers. */
  enum Api {
    /** {@code POST /v1/chat/completions}. */
    CHAT(
        CompletionRequest::chat,
        new CompletionExchange.Style("chatcmpl-", "messages", ChatFormat::new, OpenAiFrame::new)),
    /** {@code POST /v1/completions}. */
    TEXT(
        CompletionRequest::text,
        new CompletionExchange.Style("cmpl-", "prompt", TextFormat::new, OpenAiFrame::new)),
    /** {@code POST /v1/messages}: chat completions in the form of Anthropic's API. */
    MESSAGES(
        CompletionRequest::messages,
        new CompletionExchange.Style(
            "msg_", "messages", AnthropicFormat::new, AnthropicFrame::new));

    private final Reader reader;
    private final CompletionExchange.Style style;

    Api(Reader reader, CompletionExchange.Style style) {
      this.reader = reader;
      this.style = style;
    }
  }

  /** Understands a body. */
  @FunctionalInterface
  private interface Reader {
    CompletionRequest read(Buffer body, Requester requester, RoutingTable routes);
  }

  private final Api api;
  private final RequestParser parser;
  private final CompletionExchange exchange;
  private final RoutingTable routes;

  CompletionsHandler(
      Api api, RequestParser parser, CompletionExchange exchange, RoutingTable routes) {
    this.api = api;
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
        bytes -> api.reader.read(bytes, requester, routes),
        request -> exchange.start(context, request, api.style));
  }
}
