package io.fullbore.app;

import io.fullbore.auth.AdminKey;
import io.fullbore.auth.FileKeys;
import io.fullbore.auth.KeyHome;
import io.fullbore.auth.KeyStore;
import io.fullbore.auth.MemoryKeys;
import io.fullbore.auth.RedisKeys;
import io.fullbore.cache.LocalAnswers;
import io.fullbore.config.GatewayConfig;
import io.fullbore.config.ServerConfig;
import io.fullbore.engine.BatchSettings;
import io.fullbore.engine.BatchVerticle;
import io.fullbore.engine.EngineSettings;
import io.fullbore.engine.EngineVerticle;
import io.fullbore.engine.RecordCodec;
import io.fullbore.http.ApiParts;
import io.fullbore.http.ApiSettings;
import io.fullbore.http.ApiVerticle;
import io.fullbore.http.EngineHealth;
import io.fullbore.http.ResponseStore;
import io.fullbore.http.TlsFiles;
import io.fullbore.limits.Limits;
import io.fullbore.limits.LocalLimits;
import io.fullbore.limits.PriceTable;
import io.fullbore.limits.RedisLimits;
import io.fullbore.limits.RedisReports;
import io.fullbore.redis.RedisAddresses;
import io.fullbore.redis.RedisGate;
import io.fullbore.redis.RedisOutage;
import io.fullbore.routing.RoutingTable;
import io.fullbore.serving.CompletionService;
import io.fullbore.serving.Flights;
import io.fullbore.serving.ServedModel;
import io.fullbore.upstream.Upstreams;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process put together from a configuration: Vert.x, one queue and one engine per model, and the
 * HTTP API. The only place that wires and deploys. Closing it ends every request, then frees the
 * models. Used from the main thread.
 */
final class Assembly implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Assembly.class);
  private static final long CLOSE_TIMEOUT_SECONDS = 30;

  /** Keys and reports are read many at a time, which may take longer than any other command. */
  private static final long BULK_TIMEOUT_MS = 1_000;

  private static final InstantSource CLOCK = InstantSource.system();

  /** Verticles that listen on this port share one free port. */
  private static final int SHARED_FREE_PORT = -1;

  private record Entry(LoadedModel loaded, Placement placement, ServedModel served) {
    /** The names of its engines on the bus: the version's own, where there is one engine. */
    List<String> engineNames() {
      int count = placement.replicas().size();
      String version = served.version();
      return count == 1
          ? List.of(version)
          : IntStream.range(0, count).mapToObj(i -> version + "/" + i).toList();
    }
  }

  private final ServerConfig config;
  private final Vertx vertx;
  private final RedisOutage outage = new RedisOutage();
  private @Nullable KeyStore keys;
  private @Nullable RedisReports reports;
  private final List<LoadedModel> opened = new ArrayList<>();
  private final List<Entry> entries = new ArrayList<>();
  private final SortedMap<String, ServedModel> models = new TreeMap<>();
  private RoutingTable routes = new RoutingTable(new TreeMap<>());

  private Assembly(ServerConfig config) {
    this.config = config;
    VertxOptions options =
        new VertxOptions()
            .setPreferNativeTransport(true)
            .setEventLoopPoolSize(eventLoops(config.http()));
    vertx = Vertx.vertx(options);
    RecordCodec.registerAll(vertx.eventBus());
  }

  /**
   * Loads all models and starts their engines; waits until they run.
   *
   * @throws IOException when a model file cannot be read
   * @throws UsageException when two models have one name, or settings cannot be used
   */
  static Assembly start(ServerConfig config) throws IOException, UsageException {
    check(config);
    Assembly assembly = new Assembly(config);
    try {
      for (ServerConfig.Model model : config.models()) {
        assembly.open(model);
      }
      assembly.route();
      return assembly;
    } catch (IOException | UsageException | RuntimeException e) {
      assembly.close();
      throw e;
    }
  }

  Vertx vertx() {
    return vertx;
  }

  /** All models by the name they are asked for. */
  SortedMap<String, ServedModel> models() {
    return models;
  }

  private void route() throws UsageException {
    try {
      routes = RoutingTable.of(models.keySet(), config.upstreams(), config.aliases());
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private void open(ServerConfig.Model model) throws IOException, UsageException {
    LoadedModel loaded = LoadedModel.open(new ModelLocation(model.path()));
    opened.add(loaded);
    String name = model.name() == null ? loaded.name() : model.name();
    Placement placement =
        Placement.of(loaded, config.engine(), model.contextTokens(), config.models().size());
    int maxPositions = placement.maxPositions();
    ServedModel served =
        new ServedModel(
            name,
            name,
            "%s-%d-%s".formatted(loaded.digest(), maxPositions, VersionCommand.version()),
            Instant.now().getEpochSecond(),
            maxPositions,
            loaded.tokenizer(),
            loaded.template());
    if (models.putIfAbsent(name, served) != null) {
      throw new UsageException(
          "two models are called '%s': give them names under \"models\"".formatted(name));
    }
    entries.add(new Entry(loaded, placement, served));
  }

  /** Starts the queue and the engine of every model; waits until they run. */
  void startEngines() {
    entries.forEach(this::startEngine);
  }

  private void startEngine(Entry entry) {
    String version = entry.served.version();
    ServerConfig.Batch batch = config.batch();
    BatchSettings batchSettings =
        new BatchSettings(
            batch.maxBatchSize(),
            batch.timeoutMs(),
            batch.maxQueuedRequests(),
            batch.maxQueuedTokens());
    ServerConfig.Engine engine = config.engine();
    int blockTokens = engine.blockTokens();
    vertx
        .deployVerticle(
            new BatchVerticle(
                version, entry.engineNames(), batchSettings, blockTokens, System::nanoTime))
        .await();
    List<Placement.Replica> replicas = entry.placement.replicas();
    for (int i = 0; i < replicas.size(); i++) {
      Placement.Replica replica = replicas.get(i);
      EngineSettings engineSettings =
          new EngineSettings(
              replica.sizing().maxSequences(), engine.stepTargetMs(), engine.prefixCache());
      String name = entry.engineNames().get(i);
      DeploymentOptions ownThread =
          new DeploymentOptions()
              .setThreadingModel(ThreadingModel.WORKER)
              .setWorkerPoolName("engine-" + name)
              .setWorkerPoolSize(1);
      vertx
          .deployVerticle(
              new EngineVerticle(
                  name,
                  engineSettings,
                  entry.served.grammars(),
                  () -> entry.loaded.backend(replica, engine)),
              ownThread)
          .await();
    }
  }

  /**
   * Starts the engines and the HTTP API; returns the port it listens on.
   *
   * @throws IOException when the certificate cannot be used
   */
  int listen() throws IOException {
    EngineHealth health =
        new EngineHealth(
            entries.stream().flatMap(entry -> entry.engineNames().stream()).toList(),
            System::nanoTime);
    health.start(vertx).await();
    startEngines();
    ServerConfig.Http http = config.http();
    ApiSettings settings = settings(config);
    TlsFiles tls =
        http.tlsCertPath() == null || http.tlsKeyPath() == null
            ? null
            : TlsFiles.read(vertx, Path.of(http.tlsCertPath()), Path.of(http.tlsKeyPath()));
    KeyStore store = keyStore();
    keys = store;
    store.start().await();
    ApiParts parts = parts(health, store, tls);
    List<ApiVerticle> instances = new ArrayList<>();
    for (int i = 0; i < eventLoops(http); i++) {
      var instance = new ApiVerticle(settings, String.valueOf(i), parts);
      vertx.deployVerticle(instance).recover(cause -> cannotListen(http, cause)).await();
      instances.add(instance);
    }
    if (config.redis().url() == null) {
      LOG.info("no Redis: answers, limits and keys are kept by this process alone");
    }
    if (store.empty()) {
      LOG.info("no API keys: only callers on this machine are answered");
    }
    if (models.isEmpty()) {
      LOG.info("no local models: every request is forwarded");
    }
    int port = instances.getFirst().port();
    LOG.info(
        "fullbore {} listens on {}://{}:{} and serves {}",
        VersionCommand.version(),
        tls == null ? "http" : "https",
        http.host(),
        port,
        String.join(", ", routes.routes().keySet()));
    return port;
  }

  private KeyStore keyStore() {
    List<KeyHome> homes = new ArrayList<>();
    GatewayConfig.Redis redis = config.redis();
    if (redis.url() != null) {
      homes.add(new RedisKeys(vertx, bulkGate()));
    }
    if (config.auth().keysPath() != null) {
      homes.add(new FileKeys(vertx, Path.of(config.auth().keysPath())));
    }
    return new KeyStore(vertx, homes.isEmpty() ? List.of(new MemoryKeys()) : homes, CLOCK);
  }

  private ApiParts parts(EngineHealth health, KeyStore store, @Nullable TlsFiles tls) {
    GatewayConfig.Cache cache = config.cache();
    boolean hasRedis = config.redis().url() != null;
    PriceTable prices = PriceTable.of(config.allPrices());
    var local = new LocalLimits(config.limits(), prices, config.engine().requestTimeoutMs(), CLOCK);
    return new ApiParts(
        models,
        routes,
        upstreams(),
        prices,
        health,
        new LocalAnswers(cache.maxBytes(), cache.localTtlMs(), !hasRedis),
        new Flights(),
        () -> hasRedis ? gate(config.redis().timeoutMs()) : null,
        limits(local, prices),
        cache,
        store,
        new ResponseStore(),
        new AdminKey(config.auth().adminKey()),
        tls,
        CLOCK);
  }

  private Upstreams upstreams() {
    var upstreams =
        new Upstreams(vertx, config.upstreams(), CLOCK, System::nanoTime, new SplittableRandom());
    upstreams.loadVocabularies(vertx).await();
    return upstreams;
  }

  private Function<@Nullable RedisGate, Limits> limits(LocalLimits local, PriceTable prices) {
    if (config.redis().url() == null) {
      return ignored -> local;
    }
    var shared = new RedisReports(vertx, bulkGate(), CLOCK);
    reports = shared;
    return gate ->
        gate == null ? local : new RedisLimits(gate, shared, local, config.limits(), prices, CLOCK);
  }

  private RedisGate bulkGate() {
    return gate(Math.max(BULK_TIMEOUT_MS, config.redis().timeoutMs()));
  }

  private RedisGate gate(long timeoutMs) {
    return new RedisGate(vertx, RedisAddresses.options(config.redis()), timeoutMs, outage);
  }

  private static ApiSettings settings(ServerConfig config) {
    ServerConfig.Http http = config.http();
    return new ApiSettings(
        http.host(),
        http.port() == 0 ? SHARED_FREE_PORT : http.port(),
        http.maxBodyBytes(),
        http.maxHeaderBytes(),
        Math.ceilDiv(http.maxConnections(), eventLoops(http)),
        http.idleTimeoutMs(),
        http.keepAliveCommentMs(),
        config.engine().requestTimeoutMs(),
        http.corsOrigins());
  }

  /** What no section can say of itself alone. */
  private static void check(ServerConfig config) throws UsageException {
    try {
      settings(config);
      if (config.redis().url() != null) {
        RedisAddresses.options(config.redis());
      }
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private static Future<String> cannotListen(ServerConfig.Http http, Throwable cause) {
    return Future.failedFuture(
        new IOException(
            "cannot listen on %s port %d (%s); choose another with --host and --port"
                .formatted(http.host(), http.port(), cause.getMessage()),
            cause));
  }

  /** A completion service that is no HTTP instance; to be started on an event loop. */
  CompletionService terminalService() {
    long requestTimeoutMs = config.engine().requestTimeoutMs();
    var terminalLimits =
        new LocalLimits(config.limits(), PriceTable.of(List.of()), requestTimeoutMs, CLOCK);
    return new CompletionService(vertx, "terminal", models, terminalLimits, requestTimeoutMs);
  }

  private static int eventLoops(ServerConfig.Http http) {
    return http.eventLoops() == 0 ? Runtime.getRuntime().availableProcessors() : http.eventLoops();
  }

  @Override
  public void close() {
    Future<Void> keysClosed = keys == null ? Future.succeededFuture() : keys.close();
    Future<Void> reportsClosed = reports == null ? Future.succeededFuture() : reports.close();
    try {
      Future.join(keysClosed, reportsClosed)
          .transform(ignored -> vertx.close())
          .await(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          "the engines did not stop within %d s".formatted(CLOSE_TIMEOUT_SECONDS), e);
    }
    opened.forEach(LoadedModel::close);
  }
}
