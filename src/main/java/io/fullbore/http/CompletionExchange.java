package io.fullbore.http;

import io.fullbore.cache.AnswerCache;
import io.fullbore.cache.CacheKey;
import io.fullbore.cache.StoredAnswer;
import io.fullbore.core.Account;
import io.fullbore.core.Failure;
import io.fullbore.core.Origin;
import io.fullbore.http.wire.AnswerFormat;
import io.fullbore.http.wire.AnswerFrame;
import io.fullbore.http.wire.AnswerHead;
import io.fullbore.http.wire.AnswerSize;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.CompletionRequest;
import io.fullbore.http.wire.InvalidRequestException;
import io.fullbore.serving.CachePlan;
import io.fullbore.serving.ServedModel;
import io.fullbore.serving.SharedCompletions;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;

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
   * @param formats spell what a local model answers
   * @param frames give every answer its own frame
   * @param unique whether an answer that was remembered gets a name of its own all the same
   */
  record Style(
      String idPrefix,
      String promptParam,
      Formats formats,
      Supplier<AnswerFrame> frames,
      boolean unique) {
    /** Where a remembered answer keeps one name for all who get it. */
    Style(String idPrefix, String promptParam, Formats formats, Supplier<AnswerFrame> frames) {
      this(idPrefix, promptParam, formats, frames, false);
    }
  }

  private static final int ID_DIGITS = 32;
  private static final long MS_PER_SECOND = 1_000;

  private final Vertx vertx;
  private final SharedCompletions completions;
  private final AnswerCache cache;
  private final RequestLimit limit;
  private final ModelCatalog catalog;
  private final long keepAliveCommentMs;
  private final InstantSource clock;

  CompletionExchange(
      Vertx vertx,
      SharedCompletions completions,
      AnswerCache cache,
      RequestLimit limit,
      ModelCatalog catalog,
      long keepAliveCommentMs,
      InstantSource clock) {
    this.vertx = vertx;
    this.completions = completions;
    this.cache = cache;
    this.limit = limit;
    this.catalog = catalog;
    this.keepAliveCommentMs = keepAliveCommentMs;
    this.clock = clock;
  }

  void start(RoutingContext context, CompletionRequest request, Style style) {
    Account account = request.routed().account();
    Failure refusal = catalog.refusal(account.caller(), request.routed().route().name());
    CompletionRequest fitting = refusal == null ? fitting(request) : request;
    if (refusal == null && fitting.routed().forwarded() == null) {
      refusal = fitting.routed().notLocal();
    }
    if (refusal != null) {
      JsonReply.error(context.request(), ApiError.of(refusal, style.promptParam()));
      return;
    }
    CachePlan plan;
    try {
      plan = plan(context, fitting);
    } catch (InvalidRequestException e) {
      JsonReply.error(context.request(), ApiError.of(e.failure(), style.promptParam()));
      return;
    }
    var exchange = new Exchange(context, fitting, style, plan);
    limit.admit(context, account, exchange::serve);
  }

  /** Without the form for a local model where its answer might get too long. */
  private CompletionRequest fitting(CompletionRequest request) {
    List<ServedModel> locals = catalog.locals(request.routed().route().name());
    if (locals.isEmpty() || request.routed().local() == null) {
      return request;
    }
    int contextTokens = locals.stream().mapToInt(ServedModel::contextTokens).max().getAsInt();
    Failure misfit = AnswerSize.misfit(request, contextTokens);
    return misfit == null ? request : request.withoutLocal(misfit);
  }

  private CachePlan plan(RoutingContext context, CompletionRequest request) {
    CachePlan plan = CacheHeaders.plan(context.request(), request);
    return cache.settings().enabled() ? plan : CachePlan.BYPASS;
  }

  /** One request that nothing stands against so far. */
  private final class Exchange {
    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final CompletionRequest completion;
    private final Style style;
    private final CachePlan plan;

    Exchange(RoutingContext context, CompletionRequest completion, Style style, CachePlan plan) {
      this.request = context.request();
      this.response = context.response();
      this.completion = completion;
      this.style = style;
      this.plan = plan;
    }

    void serve() {
      List<ServedModel> locals = catalog.locals(completion.routed().route().name());
      CacheKey key = CacheHeaders.key(request, completion, locals, cache.epoch());
      var sink =
          new GuardedSink(
              request,
              new SourcedAnswer(
                  vertx,
                  request,
                  writer(clock.instant().getEpochSecond()),
                  completion.stream(),
                  stored -> form(stored, key),
                  clock));
      sink.bind(completions.answer(completion.routed(), plan, key, sink));
      if (!response.ended()) { // it may have been answered at once
        response.closeHandler(ignored -> sink.disconnected());
        response.exceptionHandler(ignored -> sink.disconnected());
      }
    }

    private SourcedAnswer.Writers writer(long createdEpochSeconds) {
      return origin -> {
        Supplier<AnswerFormat> formats =
            () -> format(RequestNames.random(style.idPrefix()), createdEpochSeconds, origin.get());
        return completion.stream()
            ? new StreamedAnswer(
                vertx,
                request,
                formats,
                style.frames().get(),
                style.promptParam(),
                keepAliveCommentMs)
            : new WholeAnswer(
                vertx,
                request,
                formats,
                style.frames().get(),
                style.promptParam(),
                completion.routed().choiceCount());
      };
    }

    private Buffer form(StoredAnswer stored, CacheKey key) {
      if (style.unique()) {
        return rendered(stored, RequestNames.random(style.idPrefix()));
      }
      StoredAnswer.Form form =
          !completion.stream()
              ? StoredAnswer.Form.WHOLE
              : completion.includeUsage()
                  ? StoredAnswer.Form.STREAM_WITH_USAGE
                  : StoredAnswer.Form.STREAM;
      return stored.form(
          form, () -> rendered(stored, style.idPrefix() + key.hash().substring(0, ID_DIGITS)));
    }

    private Buffer rendered(StoredAnswer stored, String id) {
      long createdEpochSeconds = stored.storedEpochMs() / MS_PER_SECOND;
      Supplier<AnswerFormat> formats = () -> format(id, createdEpochSeconds, stored.origin());
      AnswerFrame frame = style.frames().get();
      return completion.stream()
          ? StoredForms.stream(stored, formats, frame)
          : StoredForms.whole(stored, formats, frame, completion.routed().choiceCount());
    }

    /**
     * @param origin the local model that answers
     */
    private AnswerFormat format(String id, long createdEpochSeconds, Origin origin) {
      ServedModel model = catalog.models().get(origin.model());
      if (model == null) {
        throw new IllegalStateException("no local model answers this request");
      }
      var head =
          new AnswerHead(id, createdEpochSeconds, completion.call().model(), model.version());
      return style.formats().format(head, completion, model);
    }
  }
}
