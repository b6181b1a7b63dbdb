package io.fullbore.app;

import io.fullbore.backend.KvSizing;
import io.fullbore.config.ServerConfig;
import io.fullbore.engine.BatchSettings;
import io.fullbore.engine.BatchVerticle;
import io.fullbore.engine.EngineSettings;
import io.fullbore.engine.EngineVerticle;
import io.fullbore.engine.RecordCodec;
import io.fullbore.serving.ServedModel;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A process put together from a configuration: Vert.x, one queue and one engine per model. The only
 * place that wires and deploys. Closing it ends every request, then frees the models.
 */
final class Assembly implements AutoCloseable {
  private static final long CLOSE_TIMEOUT_SECONDS = 30;

  private final ServerConfig config;
  private final Vertx vertx;
  private final List<LoadedModel> loaded = new ArrayList<>();
  private final SortedMap<String, ServedModel> models = new TreeMap<>();

  private Assembly(ServerConfig config) {
    this.config = config;
    VertxOptions options = new VertxOptions().setPreferNativeTransport(true);
    if (config.http().eventLoops() > 0) {
      options.setEventLoopPoolSize(config.http().eventLoops());
    }
    vertx = Vertx.vertx(options);
    RecordCodec.registerAll(vertx.eventBus());
  }

  /**
   * Loads all models and starts their engines; waits until they run.
   *
   * @throws IOException when a model file cannot be read
   * @throws UsageException when two models have one name
   */
  static Assembly start(ServerConfig config) throws IOException, UsageException {
    Assembly assembly = new Assembly(config);
    try {
      for (ServerConfig.Model model : config.models()) {
        assembly.add(model);
      }
      return assembly;
    } catch (IOException | UsageException | RuntimeException e) {
      assembly.close();
      throw e;
    }
  }

  Vertx vertx() {
    return vertx;
  }

  ServerConfig config() {
    return config;
  }

  /** All models by the name they are asked for. */
  SortedMap<String, ServedModel> models() {
    return models;
  }

  private void add(ServerConfig.Model model) throws IOException, UsageException {
    LoadedModel opened = LoadedModel.open(Path.of(model.path()));
    loaded.add(opened);
    String name = model.name() == null ? opened.name() : model.name();
    KvSizing sizing = opened.sizing(config.engine(), model.contextTokens());
    ServedModel served =
        new ServedModel(
            name,
            name,
            Instant.now().getEpochSecond(),
            sizing.maxPositions(),
            opened.tokenizer(),
            opened.template());
    if (models.putIfAbsent(name, served) != null) {
      throw new UsageException(
          "two models are called '%s': give them names under \"models\"".formatted(name));
    }
    deploy(opened, served, sizing);
  }

  private void deploy(LoadedModel opened, ServedModel served, KvSizing sizing) {
    ServerConfig.Batch batch = config.batch();
    BatchSettings batchSettings =
        new BatchSettings(
            batch.maxBatchSize(),
            batch.timeoutMs(),
            batch.maxQueuedRequests(),
            batch.maxQueuedTokens());
    DeploymentOptions ownThread =
        new DeploymentOptions()
            .setThreadingModel(ThreadingModel.WORKER)
            .setWorkerPoolName("engine-" + served.version())
            .setWorkerPoolSize(1)
            .setMaxWorkerExecuteTime(1)
            .setMaxWorkerExecuteTimeUnit(TimeUnit.MINUTES);
    await(
        vertx
            .deployVerticle(
                new BatchVerticle(
                    served.version(), batchSettings, sizing.blockTokens(), System::nanoTime))
            .compose(
                queue ->
                    vertx.deployVerticle(
                        new EngineVerticle(
                            served.version(),
                            engineSettings(config.engine()),
                            () -> opened.backend(config.engine(), sizing)),
                        ownThread)));
  }

  private static EngineSettings engineSettings(ServerConfig.Engine engine) {
    return new EngineSettings(
        engine.maxRunning(),
        engine.stepTargetMs(),
        engine.prefixCache(),
        engine.requestTimeoutMs());
  }

  /** Waits for a start-up step on the main thread. */
  static <T> T await(Future<T> future) {
    return future.await();
  }

  @Override
  public void close() {
    try {
      vertx.close().await(CLOSE_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new IllegalStateException(
          "the engines did not stop within %d s".formatted(CLOSE_TIMEOUT_SECONDS), e);
    }
    loaded.forEach(LoadedModel::close);
  }
}
