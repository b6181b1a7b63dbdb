package io.fullbore.http;

import io.fullbore.chat.ChatTemplateException;
import io.fullbore.core.Failure;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.CompletionRequest;
import io.fullbore.http.wire.InvalidRequestException;
import io.fullbore.http.wire.JsonText;
import io.fullbore.http.wire.Requester;
import io.fullbore.serving.CompletionCall;
import io.fullbore.serving.Prompt;
import io.fullbore.serving.PromptEncoder;
import io.fullbore.serving.RoutedCall;
import io.fullbore.serving.ServedModel;
import io.fullbore.upstream.ForwardedCall;
import io.fullbore.upstream.TokenCount;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;

/**
 * {@code POST /v1/messages/count_tokens}: the tokens of a prompt, as the local model that serves
 * the name sees it; where only others do, an estimate.
 */
final class CountTokensHandler implements BiConsumer<RoutingContext, RequestBody> {
  private final RequestParser parser;
  private final RequestLimit limit;
  private final BoundedWorkers workers;
  private final ModelCatalog catalog;
  private final TokenCount estimate;

  /**
   * @param estimate counts for upstreams
   */
  CountTokensHandler(
      RequestParser parser,
      RequestLimit limit,
      BoundedWorkers workers,
      ModelCatalog catalog,
      TokenCount estimate) {
    this.parser = parser;
    this.limit = limit;
    this.workers = workers;
    this.catalog = catalog;
    this.estimate = estimate;
  }

  @Override
  public void accept(RoutingContext context, RequestBody body) {
    Requester requester = Requesters.of(context);
    parser.parse(
        context,
        body,
        bytes -> CompletionRequest.messagesPrompt(bytes, requester, catalog.routes()),
        request ->
            limit.admit(
                context, request.routed().account(), () -> count(context, request.routed())));
  }

  private void count(RoutingContext context, RoutedCall call) {
    String name = call.route().name();
    Failure refusal = catalog.refusal(call.account().caller(), name);
    List<ServedModel> locals = catalog.locals(name);
    CompletionCall local = call.local();
    ForwardedCall forwarded = call.forwarded();
    if (refusal != null) {
      JsonReply.error(context.request(), ApiError.of(refusal, ""));
    } else if (local != null && !locals.isEmpty()) {
      reply(context, () -> tokens(local, locals.getFirst()));
    } else if (forwarded != null) {
      reply(context, () -> estimate.promptTokens(forwarded));
    } else if (call.notLocal() != null) {
      JsonReply.error(context.request(), ApiError.of(call.notLocal(), ""));
    }
  }

  private void reply(RoutingContext context, Callable<Long> count) {
    workers.run(
        context,
        count,
        tokens ->
            JsonReply.send(
                context.response(),
                200,
                JsonText.object(json -> json.writeNumberField("input_tokens", tokens))));
  }

  private static long tokens(CompletionCall call, ServedModel model) {
    try {
      return PromptEncoder.chatIds((Prompt.Chat) call.prompts().getFirst(), model, true).length;
    } catch (ChatTemplateException e) {
      throw new InvalidRequestException(
          new Failure.InvalidRequest(
              "The model's chat template does not take these messages: " + e.getMessage(),
              "messages",
              "invalid_value"));
    }
  }
}
