package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fullbore.auth.AdminKey;
import io.fullbore.auth.KeyStore;
import io.fullbore.auth.MemoryKeys;
import io.fullbore.cache.LocalAnswers;
import io.fullbore.config.ConfigException;
import io.fullbore.config.ConfigReader;
import io.fullbore.config.GatewayConfig;
import io.fullbore.config.ServerConfig;
import io.fullbore.engine.RecordCodec;
import io.fullbore.limits.LocalLimits;
import io.fullbore.limits.PriceTable;
import io.fullbore.limits.RedisLimits;
import io.fullbore.limits.RedisReports;
import io.fullbore.redis.RedisAddresses;
import io.fullbore.redis.RedisGate;
import io.fullbore.redis.RedisOutage;
import io.fullbore.routing.RoutingTable;
import io.fullbore.serving.Flights;
import io.fullbore.serving.ServedModel;
import io.fullbore.upstream.Upstreams;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** The real server on a free port, over a scripted engine, and a client for it. */
final class ApiServer implements AutoCloseable {
  private static final ApiSettings SETTINGS = settings(0, 100, 0, 0, 60_000);

  final Vertx vertx = Vertx.vertx();
  final ScriptedEngine engine = new ScriptedEngine();
  final AtomicLong nanos = new AtomicLong();
  final EngineHealth health = new EngineHealth(List.of(TestModel.VERSION), nanos::get);
  final ApiParts parts;
  final ApiVerticle api;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  ApiServer(UnaryOperator<ApiSettings> settings) throws Exception {
    this(settings, ServerConfig.defaults());
  }

  /**
   * @param config its redis, cache, limits, prices, upstreams and aliases count
   */
  ApiServer(UnaryOperator<ApiSettings> settings, ServerConfig config) throws Exception {
    this(settings, config, TestModel.models());
  }

  /**
   * @param models all at the queue of the test model
   */
  ApiServer(
      UnaryOperator<ApiSettings> settings,
      ServerConfig config,
      SortedMap<String, ServedModel> models)
      throws Exception {
    parts = parts(config, models);
    RecordCodec.registerAll(vertx.eventBus());
    api = new ApiVerticle(settings.apply(SETTINGS), "test", parts);
    health
        .start(vertx)
        .compose(ignored -> parts.keys().start())
        .compose(ignored -> vertx.deployVerticle(engine))
        .compose(ignored -> vertx.deployVerticle(api))
        .await(10, TimeUnit.SECONDS);
  }

  private ApiParts parts(ServerConfig config, SortedMap<String, ServedModel> models) {
    GatewayConfig.Redis redis = config.redis();
    PriceTable prices = PriceTable.of(config.allPrices());
    InstantSource clock = InstantSource.fixed(Instant.ofEpochSecond(1_700_000_000));
    var local = new LocalLimits(config.limits(), prices, config.engine().requestTimeoutMs(), clock);
    var outage = new RedisOutage();
    return new ApiParts(
        models,
        RoutingTable.of(models.keySet(), config.upstreams(), config.aliases()),
        new Upstreams(vertx, config.upstreams(), clock, System::nanoTime, new SplittableRandom(1)),
        prices,
        health,
        new LocalAnswers(1 << 20, 300_000, redis.url() == null),
        new Flights(),
        () -> redis.url() == null ? null : gate(redis, outage),
        gate ->
            gate == null
                ? local
                : new RedisLimits(
                    gate,
                    new RedisReports(vertx, gate(redis, outage), clock),
                    local,
                    config.limits(),
                    prices,
                    clock),
        config.cache(),
        new KeyStore(vertx, List.of(new MemoryKeys()), clock),
        new ResponseStore(),
        new AdminKey(config.auth().adminKey()),
        null,
        clock);
  }

  private RedisGate gate(GatewayConfig.Redis redis, RedisOutage outage) {
    return new RedisGate(vertx, RedisAddresses.options(redis), redis.timeoutMs(), outage);
  }

  /** The configuration with these settings, by dotted path. */
  static ServerConfig config(Map<String, String> settings) throws ConfigException {
    return new ConfigReader(Map.of()).read(null, settings);
  }

  static ApiServer start() throws Exception {
    return new ApiServer(UnaryOperator.identity());
  }

  static ApiServer withKeepAlive(long keepAliveCommentMs) throws Exception {
    return new ApiServer(settings -> settings(0, 100, 0, keepAliveCommentMs, 60_000));
  }

  static ApiServer withRequestTimeout(long requestTimeoutMs) throws Exception {
    return new ApiServer(settings -> settings(0, 100, 0, 0, requestTimeoutMs));
  }

  static ApiSettings settings(
      int port,
      int maxConnections,
      long idleTimeoutMs,
      long keepAliveCommentMs,
      long requestTimeoutMs) {
    return new ApiSettings(
        "127.0.0.1",
        port,
        100_000,
        16_384,
        maxConnections,
        idleTimeoutMs,
        keepAliveCommentMs,
        requestTimeoutMs,
        null);
  }

  /** Serves other routes on another port, for parts that the whole server does not show. */
  int route(Consumer<Router> routes) throws TimeoutException {
    var port = new AtomicInteger();
    vertx
        .deployVerticle(
            new VerticleBase() {
              @Override
              public Future<?> start() {
                Router router = Router.router(vertx);
                routes.accept(router);
                return vertx
                    .createHttpServer()
                    .requestHandler(router)
                    .listen(0, "127.0.0.1")
                    .onSuccess(server -> port.set(server.actualPort()));
              }
            })
        .await(10, TimeUnit.SECONDS);
    return port.get();
  }

  URI uri(String path) {
    return URI.create("http://127.0.0.1:" + api.port() + path);
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(uri(path)).build());
  }

  HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
    return send(request(path, body).build());
  }

  HttpRequest.Builder request(String path, String body) {
    return HttpRequest.newBuilder(uri(path))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body));
  }

  HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  /** The answer's body while it arrives. */
  HttpResponse<java.io.InputStream> open(HttpRequest request)
      throws IOException, InterruptedException {
    return client.send(request, HttpResponse.BodyHandlers.ofInputStream());
  }

  /** A successful JSON answer. */
  JsonObject json(String path, String body) throws IOException, InterruptedException {
    HttpResponse<String> response = post(path, body);
    assertEquals(200, response.statusCode(), response.body());
    assertEquals("application/json", response.headers().firstValue("Content-Type").orElse(""));
    return new JsonObject(response.body());
  }

  /** The data of all events of a successful stream. */
  List<String> events(String path, String body) throws IOException, InterruptedException {
    HttpResponse<String> response = post(path, body);
    assertEquals(200, response.statusCode(), response.body());
    assertEquals("text/event-stream", response.headers().firstValue("Content-Type").orElse(""));
    return response
        .body()
        .lines()
        .filter(line -> !line.isEmpty())
        .map(line -> line.substring("data: ".length()))
        .toList();
  }

  /** To be called when all answers have ended: nothing may be left of them. */
  void assertNothingLeft() {
    assertEquals(0, api.activeSequences());
  }

  @Override
  public void close() throws TimeoutException {
    client.close();
    vertx.close().await(10, TimeUnit.SECONDS);
  }
}
