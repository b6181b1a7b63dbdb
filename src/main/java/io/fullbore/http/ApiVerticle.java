package io.fullbore.http;

import io.fullbore.cache.AnswerCache;
import io.fullbore.http.wire.ApiError;
import io.fullbore.http.wire.JsonText;
import io.fullbore.limits.Limits;
import io.fullbore.redis.RedisGate;
import io.fullbore.serving.CompletionService;
import io.fullbore.serving.SharedCompletions;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP API on one event loop. Deployed once per event loop; all instances listen on one port.
 * What has no route, the wrong method or a broken request is answered like every other error.
 */
public final class ApiVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(ApiVerticle.class);

  private final ApiSettings settings;
  private final String instance;
  private final ApiParts parts;
  private @Nullable RedisGate gate;
  private @Nullable HttpServer server;
  private @Nullable CompletionService service;

  /**
   * @param instance names this instance on the bus; no two are alike
   */
  public ApiVerticle(ApiSettings settings, String instance, ApiParts parts) {
    this.settings = settings;
    this.instance = instance;
    this.parts = parts;
  }

  @Override
  public Future<?> start() {
    RedisGate redis = parts.gates().get();
    Limits limits = parts.limits().apply(redis);
    var cache = new AnswerCache(parts.answers(), redis, parts.cache());
    var completions =
        new CompletionService(vertx, instance, parts.models(), limits, settings.requestTimeoutMs());
    var shared = new SharedCompletions(vertx, completions, cache, parts.flights(), parts.clock());
    var exchange =
        new CompletionExchange(
            vertx,
            shared,
            cache,
            limits,
            new ModelCatalog(parts.models()),
            settings.keepAliveCommentMs(),
            parts.clock());
    var options =
        new HttpServerOptions()
            .setHost(settings.host())
            .setPort(settings.port())
            .setMaxHeaderSize(settings.maxHeaderBytes())
            // While Vert.x tells HTTP/2 from HTTP/1 it shows nobody the connection: a caller that
            // sends nothing, or half a head, would neither be counted nor ever be closed.
            .setHttp2ClearTextEnabled(false)
            .setHandle100ContinueAutomatically(true);
    var connections = new Connections(settings.maxConnections(), settings.idleTimeoutMs());
    connections.start(vertx);
    var listening =
        vertx
            .createHttpServer(options)
            .connectionHandler(connections::opened)
            .requestHandler(router(exchange, connections))
            .invalidRequestHandler(ApiVerticle::refuseMalformed);
    service = completions;
    server = listening;
    gate = redis;
    Future<Void> connected = redis == null ? Future.succeededFuture() : redis.start();
    return connected
        .compose(ignored -> cache.start(vertx))
        .compose(ignored -> completions.start())
        .compose(ignored -> listening.listen());
  }

  @Override
  public Future<?> stop() {
    return gate == null ? Future.succeededFuture() : gate.close();
  }

  /** The port in use; known once deployed. */
  public int port() {
    if (server == null) {
      throw new IllegalStateException("the verticle is not deployed");
    }
    return server.actualPort();
  }

  /** Sequences of this instance that have not ended; to be asked on its event loop. */
  public int activeSequences() {
    return service == null ? 0 : service.activeSequences();
  }

  private Router router(CompletionExchange exchange, Connections connections) {
    var catalog = new ModelCatalog(parts.models());
    var workers = new BoundedWorkers(vertx, BoundedWorkers.MAX_PENDING);
    var parser = new RequestParser(workers);
    var bodies = BodyBudget.forBodiesUpTo(settings.maxBodyBytes());
    var modelsHandler = new ModelsHandler(catalog);
    Router router = Router.router(vertx);
    router.route().handler(connections);
    router.route().handler(new RequestNames());
    post(router, bodies, "/v1/chat/completions", new ChatCompletionsHandler(parser, exchange));
    post(router, bodies, "/v1/completions", new TextCompletionsHandler(parser, exchange));
    post(router, bodies, "/tokenize", new TokenizeHandler(parser, workers, catalog));
    post(router, bodies, "/detokenize", new DetokenizeHandler(parser, workers, catalog));
    get(router, "/v1/models", modelsHandler::list);
    get(
        () -> router.routeWithRegex("/v1/models/(?<" + ModelsHandler.ID + ">.+)"),
        modelsHandler::get);
    get(router, "/health", new HealthHandler(parts.health()));
    get(router, "/ready", new ReadyHandler(parts.health(), catalog));
    get(router, "/", ApiVerticle::nameServer);
    router.errorHandler(404, ApiVerticle::refuseUnknown);
    router.errorHandler(405, ApiVerticle::refuseMethod);
    router.errorHandler(400, context -> refuseMalformed(context.request()));
    router.errorHandler(500, ApiVerticle::reportFault);
    return router;
  }

  private void post(
      Router router,
      BodyBudget bodies,
      String path,
      BiConsumer<RoutingContext, RequestBody> endpoint) {
    router.post(path).handler(new BodyReader(vertx, settings, bodies, endpoint));
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
        context.response(),
        ApiError.invalid(
            405,
            "%s does not take %s.".formatted(context.request().path(), context.request().method()),
            "method_not_allowed"));
  }

  private static void refuseUnknown(RoutingContext context) {
    JsonReply.error(
        context.response(),
        ApiError.invalid(
            404,
            "Unknown request URL: %s %s."
                .formatted(context.request().method(), context.request().path()),
            "unknown_url"));
  }

  private static void refuseMalformed(HttpServerRequest request) {
    JsonReply.error(
        request.response(),
        ApiError.invalid(400, "The request is no well-formed HTTP.", "malformed_request"));
  }

  private static void reportFault(RoutingContext context) {
    LOG.error(
        "{} {} failed", context.request().method(), context.request().path(), context.failure());
    JsonReply.error(context.response(), ApiError.internal());
  }
}
