package io.fullbore.http;

import io.fullbore.core.Failure;
import io.fullbore.http.wire.AnswerFormat;
import io.fullbore.http.wire.AnswerHead;
import io.fullbore.http.wire.AnswerSize;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.CompletionRequest;
import io.fullbore.serving.Answer;
import io.fullbore.serving.CompletionService;
import io.fullbore.serving.ServedModel;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;

/**
 * Starts a completion for an HTTP request and binds the two together: the answer's events go to the
 * response, and a caller that goes away, at whatever moment, cancels the answer.
 */
final class CompletionExchange {
  /** How an endpoint spells its answers. */
  @FunctionalInterface
  interface Formats {
    AnswerFormat format(AnswerHead head, CompletionRequest request, ServedModel model);
  }

  /**
   * What sets an endpoint apart.
   *
   * @param idPrefix how its answers' ids begin
   * @param promptParam the parameter that holds its prompt
   */
  record Style(String idPrefix, String promptParam, Formats formats) {}

  private final Vertx vertx;
  private final CompletionService service;
  private final ModelCatalog catalog;
  private final long keepAliveCommentMs;
  private final InstantSource clock;

  CompletionExchange(
      Vertx vertx, CompletionService service, long keepAliveCommentMs, InstantSource clock) {
    this.vertx = vertx;
    this.service = service;
    this.catalog = new ModelCatalog(service.models());
    this.keepAliveCommentMs = keepAliveCommentMs;
    this.clock = clock;
  }

  void start(RoutingContext context, CompletionRequest request, Style style) {
    HttpServerResponse response = context.response();
    String name = request.call().model();
    ServedModel model = catalog.find(name);
    if (model == null) {
      JsonReply.error(response, ApiError.of(catalog.missing(name), style.promptParam()));
      return;
    }
    Failure misfit = AnswerSize.misfit(request, model.contextTokens());
    if (misfit != null) {
      JsonReply.error(response, ApiError.of(misfit, style.promptParam()));
      return;
    }
    AnswerHead head =
        new AnswerHead(
            RequestNames.random(style.idPrefix()),
            clock.instant().getEpochSecond(),
            name,
            model.version());
    AnswerFormat format = style.formats().format(head, request, model);
    ResponseSink writer =
        request.stream()
            ? new StreamedAnswer(
                vertx, context.request(), format, style.promptParam(), keepAliveCommentMs)
            : new WholeAnswer(
                vertx, response, format, style.promptParam(), request.call().choiceCount());
    var sink = new GuardedSink(context.request(), writer);
    Answer answer = service.complete(request.call(), sink);
    sink.bind(answer);
    if (!response.ended()) { // it may have been refused at once
      response.closeHandler(ignored -> disconnected(answer, sink));
      response.exceptionHandler(ignored -> disconnected(answer, sink));
    }
  }

  private static void disconnected(Answer answer, ResponseSink sink) {
    answer.cancel();
    sink.disconnected();
  }
}
