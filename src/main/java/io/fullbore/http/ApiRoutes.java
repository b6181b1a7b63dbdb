package io.fullbore.http;

import io.fullbore.cache.AnswerCache;
import io.fullbore.http.CompletionsHandler.Api;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.JsonText;
import io.fullbore.limits.Limits;
import io.fullbore.serving.SharedCompletions;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which handlers stand at which path of one API instance. What has no route, the wrong method or a
 * broken request is answered like every other error.
 */
final class ApiRoutes {
  private static final Logger LOG = LoggerFactory.getLogger(ApiRoutes.class);

  private final Vertx vertx;
  private final ApiSettings settings;
  private final ApiParts parts;
  private final BodyBudget bodies;

  ApiRoutes(Vertx vertx, ApiSettings settings, ApiParts parts) {
    this.vertx = vertx;
    this.settings = settings;
    this.parts = parts;
    this.bodies = BodyBudget.forBodiesUpTo(settings.maxBodyBytes());
  }

  Router router(
      SharedCompletions completions, Connections connections, AnswerCache cache, Limits limits) {
    var catalog = new ModelCatalog(parts.models(), parts.routes());
    var workers = new BoundedWorkers(vertx, BoundedWorkers.MAX_PENDING);
    var parser = new RequestParser(workers);
    var limit = new RequestLimit(limits);
    var exchange =
        new CompletionExchange(
            vertx,
            completions,
            cache,
            limit,
            catalog,
            settings.keepAliveCommentMs(),
            parts.clock());
    var modelsHandler = new ModelsHandler(catalog);
    Router router = Router.router(vertx);
    router.route().handler(connections);
    router.route().handler(new RequestNames());
    if (settings.corsOrigins() != null) {
      router.route().handler(Cors.from(settings.corsOrigins()));
    }
    var authenticator = new Authenticator(parts.keys());
    for (String path : List.of("/v1/*", "/tokenize", "/detokenize")) {
      router.route(path).handler(authenticator);
    }
    routeAdmin(router, parser, cache, limits);
    post(
        router,
        "/v1/chat/completions",
        new CompletionsHandler(Api.CHAT, parser, exchange, parts.routes()));
    post(
        router,
        "/v1/completions",
        new CompletionsHandler(Api.TEXT, parser, exchange, parts.routes()));
    post(
        router,
        "/v1/messages",
        new CompletionsHandler(Api.MESSAGES, parser, exchange, parts.routes()));
    post(
        router,
        "/v1/messages/count_tokens",
        new CountTokensHandler(parser, limit, workers, catalog, parts.upstreams().tokenCount()));
    routeResponses(
        router,
        new ResponsesHandler(parser, exchange, parts.routes(), parts.responses(), parts.clock()));
    post(router, "/tokenize", new TokenizeHandler(parser, limit, workers, catalog));
    post(router, "/detokenize", new DetokenizeHandler(parser, limit, workers, catalog));
    get(router, "/v1/models", modelsHandler::list);
    get(
        () -> router.routeWithRegex("/v1/models/(?<" + ModelsHandler.ID + ">.+)"),
        modelsHandler::get);
    get(router, "/health", new HealthHandler(parts.health()));
    get(router, "/ready", new ReadyHandler(parts.health()));
    get(router, "/", ApiRoutes::nameServer);
    router.errorHandler(403, Cors::refuse);
    router.errorHandler(404, ApiRoutes::refuseUnknown);
    router.errorHandler(405, ApiRoutes::refuseMethod);
    router.errorHandler(400, context -> refuseMalformed(context.request()));
    router.errorHandler(500, ApiRoutes::reportFault);
    return router;
  }

  private void routeAdmin(Router router, RequestParser parser, AnswerCache cache, Limits limits) {
    var keys = new AdminKeysHandler(parts.keys(), parser, parts.clock());
    var answers = new AdminCacheHandler(cache);
    var usage = new AdminUsageHandler(limits, parts.clock());
    String key = "/admin/keys/:" + AdminKeysHandler.ID;
    router.route("/admin/*").handler(new AdminGuard(parts.adminKey()));
    router.get("/admin/keys").handler(keys::list);
    router.post("/admin/keys").handler(reader(keys::create));
    router.route("/admin/keys").handler(context -> refuseMethod(context, "GET, POST"));
    router.delete(key).handler(keys::revoke);
    router.route(key).handler(context -> refuseMethod(context, "DELETE"));
    router.get("/admin/cache").handler(answers::show);
    router.delete("/admin/cache").handler(answers::purge);
    router.route("/admin/cache").handler(context -> refuseMethod(context, "GET, DELETE"));
    get(router, "/admin/usage", usage::show);
  }

  private void routeResponses(Router router, ResponsesHandler responses) {
    String kept = "/v1/responses/:" + ResponsesHandler.ID;
    post(router, "/v1/responses", responses);
    router.get(kept).handler(responses::show);
    router.delete(kept).handler(responses::delete);
    router.route(kept).handler(context -> refuseMethod(context, "GET, DELETE"));
  }

  private BodyReader reader(BiConsumer<RoutingContext, RequestBody> endpoint) {
    return new BodyReader(vertx, settings, bodies, endpoint);
  }

  private void post(Router router, String path, BiConsumer<RoutingContext, RequestBody> endpoint) {
    router.post(path).handler(reader(endpoint));
    router.route(path).handler(context -> refuseMethod(context, "POST"));
  }

  private static void get(Router router, String path, Handler<RoutingContext> endpoint) {
    get(() -> router.route(path), endpoint);
  }

  /**
   * @param route a new route of the endpoint's path
   */
  private static void get(Supplier<Route> route, Handler<RoutingContext> endpoint) {
    route.get().method(HttpMethod.GET).method(HttpMethod.HEAD).handler(endpoint);
    route.get().handler(context -> refuseMethod(context, "GET, HEAD"));
  }

  private static void nameServer(RoutingContext context) {
    JsonReply.send(
        context.response(),
        200,
        JsonText.object(json -> json.writeStringField("name", "fullbore")));
  }

  private static void refuseMethod(RoutingContext context, String allowed) {
    context.response().putHeader("Allow", allowed);
    refuseMethod(context);
  }

  private static void refuseMethod(RoutingContext context) {
    JsonReply.error(
        context.request(),
        ApiError.invalid(
            405,
            "%s does not take %s.".formatted(context.request().path(), context.request().method()),
            "method_not_allowed"));
  }

  private static void refuseUnknown(RoutingContext context) {
    JsonReply.error(
        context.request(),
        ApiError.invalid(
            404,
            "Unknown request URL: %s %s."
                .formatted(context.request().method(), context.request().path()),
            "unknown_url"));
  }

  static void refuseMalformed(HttpServerRequest request) {
    JsonReply.error(
        request, ApiError.invalid(400, "The request is no well-formed HTTP.", "malformed_request"));
  }

  private static void reportFault(RoutingContext context) {
    LOG.error(
        "{} {} failed", context.request().method(), context.request().path(), context.failure());
    JsonReply.error(context.request(), ApiError.internal());
  }
}
