package io.fullbore.http;

import io.fullbore.cache.AnswerCache;
import io.fullbore.limits.Limits;
import io.fullbore.redis.RedisGate;
import io.fullbore.routing.Router;
import io.fullbore.serving.CompletionService;
import io.fullbore.serving.RoutedCompletions;
import io.fullbore.serving.SharedCompletions;
import io.fullbore.upstream.UpstreamClient;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP API on one event loop. Deployed once per event loop; all instances listen on one port.
 */
public final class ApiVerticle extends VerticleBase {
  private final ApiSettings settings;
  private final String instance;
  private final ApiParts parts;
  private final Map<String, UpstreamClient> clients = new HashMap<>(); // by upstream
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
    var routed =
        new RoutedCompletions(
            new RoutedCompletions.Means(
                vertx,
                completions,
                parts.upstreams(),
                name -> clients.computeIfAbsent(name, one -> parts.upstreams().client(vertx, one)),
                new Router(new SplittableRandom()),
                limits,
                parts.prices(),
                parts.clock(),
                settings.requestTimeoutMs()));
    var shared = new SharedCompletions(vertx, routed, cache, parts.flights(), parts.clock());
    var options =
        new HttpServerOptions()
            .setHost(settings.host())
            .setPort(settings.port())
            .setMaxHeaderSize(settings.maxHeaderBytes())
            // While Vert.x tells HTTP/2 from HTTP/1 it shows nobody the connection: a caller that
            // sends nothing, or half a head, would neither be counted nor ever be closed.
            .setHttp2ClearTextEnabled(false)
            .setHandle100ContinueAutomatically(true);
    TlsFiles tls = parts.tls();
    if (tls != null) {
      tls.applyTo(options);
      // A client that is silent after its handshake is in no list of connections; nothing else
      // would ever close it.
      options
          .setIdleTimeout(Math.toIntExact(settings.requestTimeoutMs() + settings.idleTimeoutMs()))
          .setIdleTimeoutUnit(TimeUnit.MILLISECONDS);
    }
    var connections = new Connections(settings.maxConnections(), settings.idleTimeoutMs());
    connections.start(vertx);
    var listening =
        vertx
            .createHttpServer(options)
            .connectionHandler(connections::opened)
            .requestHandler(
                new ApiRoutes(vertx, settings, parts).router(shared, connections, cache, limits))
            .invalidRequestHandler(ApiRoutes::refuseMalformed);
    service = completions;
    server = listening;
    gate = redis;
    Future<Void> connected = redis == null ? Future.succeededFuture() : redis.start();
    return connected
        .compose(ignored -> cache.start(vertx))
        .compose(ignored -> completions.start())
        .compose(ignored -> listening.listen())
        .onSuccess(
            ignored -> {
              if (tls != null) {
                tls.watch(listening);
              }
            });
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
}
