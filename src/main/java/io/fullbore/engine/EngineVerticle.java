package io.fullbore.engine;

import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendException;
import io.fullbore.core.Failure;
import io.fullbore.sampling.grammar.Grammars;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.eventbus.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives one engine. Deployed as a worker verticle with a pool of one thread, which is the engine
 * thread: messages and steps take turns on it, so a batch joins and a cancelled sequence leaves at
 * a step's boundary. After each turn the events go out, one message per API instance, and the
 * status is published.
 *
 * <p>When the backend's device is lost, all requests fail, the status names the fault, and the
 * backend is opened anew until it works.
 */
public final class EngineVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(EngineVerticle.class);

  /** So long after a device was lost, and again after each try, it is opened anew. */
  private static final long REOPEN_MS = 5_000;

  private final String version;
  private final EngineSettings settings;
  private final @Nullable Grammars grammars;
  private final Supplier<Backend> backendFactory;
  private final long reopenMs;
  private final Map<String, List<SequenceEvent>> outbox = new HashMap<>();
  private Engine engine;

  /** Why there is no backend at present, null while there is one. */
  private @Nullable String fault;

  private long batchesReceived;
  private boolean stepScheduled;
  private boolean stopped;

  /** Asked for an end: nothing new is taken, and this is answered when the last sequence ended. */
  private @Nullable Message<EngineMessage> drain;

  private boolean drained;

  /** An engine that takes no constrained requests. */
  public EngineVerticle(String version, EngineSettings settings, Supplier<Backend> backendFactory) {
    this(version, settings, null, backendFactory, REOPEN_MS);
  }

  /**
   * @param version the engine's name on the bus: the model version, and which replica where there
   *     are several
   * @param grammars of the model's vocabulary
   * @param backendFactory called on the engine thread, once and again after a device was lost
   */
  public EngineVerticle(
      String version,
      EngineSettings settings,
      Grammars grammars,
      Supplier<Backend> backendFactory) {
    this(version, settings, grammars, backendFactory, REOPEN_MS);
  }

  EngineVerticle(
      String version, EngineSettings settings, Supplier<Backend> backendFactory, long reopenMs) {
    this(version, settings, null, backendFactory, reopenMs);
  }

  @SuppressWarnings("NullAway.Init")
  private EngineVerticle(
      String version,
      EngineSettings settings,
      @Nullable Grammars grammars,
      Supplier<Backend> backendFactory,
      long reopenMs) {
    this.version = version;
    this.settings = settings;
    this.grammars = grammars;
    this.backendFactory = backendFactory;
    this.reopenMs = reopenMs;
  }

  @Override
  public Future<?> start() {
    open();
    var consumer =
        vertx.eventBus().<EngineMessage>consumer(BusAddresses.engine(version), this::receive);
    flush();
    return consumer.completion();
  }

  private void open() {
    Backend backend = backendFactory.get();
    LOG.info("model={} runs on {}", version, backend.describe());
    engine = new Engine(backend, settings, grammars, this::collect, System::nanoTime);
  }

  private void receive(Message<EngineMessage> message) {
    if (stopped) {
      if (message.body() instanceof EngineMessage.Batch batch) {
        batch.requests().forEach(this::refuse);
        send();
      }
      return;
    }
    switch (message.body()) {
      case EngineMessage.Batch batch -> {
        batchesReceived++;
        batch.requests().forEach(drain == null && fault == null ? engine::submit : this::refuse);
      }
      case EngineMessage.Cancel cancel -> cancel.ids().forEach(engine::cancel);
      case EngineMessage.Drain ignored -> drain = message;
    }
    flush();
    scheduleStep();
  }

  private void refuse(GenerationRequest request) {
    String reason =
        fault == null
            ? "The model is being unloaded."
            : "The model's device failed and is tried again: " + fault;
    collect(
        request.replyTo(), new SequenceEvent.Failed(request.id(), new Failure.Unavailable(reason)));
  }

  private void scheduleStep() {
    if (stepScheduled) {
      return;
    }
    if (engine.hasWork()) {
      stepScheduled = true;
      context.runOnContext(ignored -> step());
    } else if (drain != null && !drained) {
      drained = true;
      drain.reply(null);
    }
  }

  private void step() {
    stepScheduled = false;
    if (stopped) {
      return;
    }
    try {
      engine.step();
    } catch (RuntimeException | Error e) {
      LOG.error("model={} failed in a step; all its requests fail", version, e);
      engine.failAll(new Failure.EngineFailed("The engine failed; see the server's log."));
    }
    if (engine.fault() != null) {
      fault = engine.fault();
      close();
      reopenLater();
    }
    flush();
    scheduleStep();
  }

  /** The backend of a lost device has nothing left to say. */
  private void close() {
    try {
      engine.close();
    } catch (RuntimeException e) {
      LOG.warn("model={} closed a backend whose device is lost", version, e);
    }
  }

  private void reopenLater() {
    vertx.setTimer(reopenMs, timer -> reopen());
  }

  private void reopen() {
    if (stopped) {
      return;
    }
    try {
      open();
      fault = null;
    } catch (BackendException e) {
      LOG.error("model={} cannot be opened again, trying later", version, e);
      reopenLater();
    }
    flush();
    scheduleStep();
  }

  private void collect(String replyTo, SequenceEvent event) {
    outbox.computeIfAbsent(replyTo, address -> new ArrayList<>()).add(event);
  }

  private void send() {
    outbox.forEach((replyTo, events) -> vertx.eventBus().send(replyTo, new StepEvents(events)));
    outbox.clear();
  }

  private void flush() {
    send();
    vertx.eventBus().publish(BusAddresses.ENGINE_STATUS, engine.status(version, batchesReceived));
  }

  @Override
  public Future<?> stop() {
    stopped = true;
    if (fault == null) {
      engine.close();
    }
    flush();
    return Future.succeededFuture();
  }
}
