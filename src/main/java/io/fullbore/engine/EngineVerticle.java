package io.fullbore.engine;

import io.fullbore.backend.Backend;
import io.fullbore.core.Failure;
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
 */
public final class EngineVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(EngineVerticle.class);

  private final String version;
  private final EngineSettings settings;
  private final Supplier<Backend> backendFactory;
  private final Map<String, List<SequenceEvent>> outbox = new HashMap<>();
  private Engine engine;
  private long batchesReceived;
  private boolean stepScheduled;
  private boolean stopped;

  /** Asked for an end: nothing new is taken, and this is answered when the last sequence ended. */
  private @Nullable Message<EngineMessage> drain;

  private boolean drained;

  /**
   * @param version names the model version on the bus
   * @param backendFactory called once on the engine thread
   */
  @SuppressWarnings("NullAway.Init")
  public EngineVerticle(String version, EngineSettings settings, Supplier<Backend> backendFactory) {
    this.version = version;
    this.settings = settings;
    this.backendFactory = backendFactory;
  }

  @Override
  public Future<?> start() {
    Backend backend = backendFactory.get();
    LOG.info("model={} runs on {}", version, backend.describe());
    engine = new Engine(backend, settings, this::collect, System::nanoTime);
    var consumer =
        vertx.eventBus().<EngineMessage>consumer(BusAddresses.engine(version), this::receive);
    flush();
    return consumer.completion();
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
        batch.requests().forEach(drain == null ? engine::submit : this::refuse);
      }
      case EngineMessage.Cancel cancel -> cancel.ids().forEach(engine::cancel);
      case EngineMessage.Drain ignored -> drain = message;
    }
    flush();
    scheduleStep();
  }

  private void refuse(GenerationRequest request) {
    collect(
        request.replyTo(),
        new SequenceEvent.Failed(
            request.id(), new Failure.Unavailable("The model is being unloaded.")));
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
    engine.close();
    flush();
    return Future.succeededFuture();
  }
}
