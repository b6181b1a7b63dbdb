package io.fullbore.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.backend.BackendException;
import io.fullbore.backend.StepBatch;
import io.fullbore.backend.StepResult;
import io.fullbore.core.Failure;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A backend whose device goes away while it computes. */
@Timeout(30)
class LostDeviceTest {
  /** Works for some steps. */
  private static final class Mortal extends RememberingBackend {
    private int stepsLeft;

    Mortal(int steps) {
      super(64, 4, 32);
      stepsLeft = steps;
    }

    @Override
    public StepResult await() {
      StepResult result = super.await();
      if (--stepsLeft < 0) {
        throw BackendException.ofLostDevice("it is gone", null);
      }
      return result;
    }

    @Override
    public void begin(StepBatch batch) {
      assertTrue(!closed(), "a closed backend was used");
      super.begin(batch);
    }
  }

  private final Vertx vertx = Vertx.vertx();

  @AfterEach
  void close() {
    vertx.close().await();
  }

  @Test
  void allSequencesEndAtOnceAndNothingMoreIsComputed() {
    EventLog log = new EventLog();
    Mortal backend = new Mortal(2);
    Engine engine = new Engine(backend, new EngineSettings(8, 40, true), log, () -> 0);
    engine.submit(Requests.greedy(1, new int[] {1, 2, 3}, 10));
    engine.submit(Requests.greedy(2, new int[] {4, 5}, 10));
    while (engine.hasWork()) {
      engine.step();
    }
    for (long id = 1; id <= 2; id++) {
      var failed = assertInstanceOf(SequenceEvent.Failed.class, log.terminal(id));
      assertInstanceOf(Failure.EngineFailed.class, failed.failure());
    }
    assertEquals("it is gone", engine.status("m", 0).fault());
    engine.close();
    assertTrue(backend.closed());
  }

  @Test
  void theVerticleSaysTheFaultAndOpensTheBackendAnew() throws InterruptedException {
    RecordCodec.registerAll(vertx.eventBus());
    BlockingQueue<SequenceEvent> events = new LinkedBlockingQueue<>();
    BlockingQueue<EngineStatus> statuses = new LinkedBlockingQueue<>();
    vertx
        .eventBus()
        .<StepEvents>consumer("api.test", message -> events.addAll(message.body().events()));
    vertx
        .eventBus()
        .<EngineStatus>consumer(
            BusAddresses.ENGINE_STATUS, message -> statuses.add(message.body()));
    AtomicInteger opened = new AtomicInteger();
    vertx
        .deployVerticle(
            new EngineVerticle(
                "m",
                new EngineSettings(8, 40, true),
                () ->
                    switch (opened.incrementAndGet()) {
                      case 1 -> new Mortal(0);
                      case 2 -> throw new BackendException("not yet", null);
                      default -> new Mortal(Integer.MAX_VALUE);
                    },
                1),
            new DeploymentOptions()
                .setThreadingModel(ThreadingModel.WORKER)
                .setWorkerPoolName("engine-lost")
                .setWorkerPoolSize(1))
        .await();
    int[] prompt = {1, 2, 3};
    send(Requests.greedy(1, prompt, 2));
    assertInstanceOf(SequenceEvent.Failed.class, events.poll(5, TimeUnit.SECONDS));
    while (!"it is gone".equals(nextStatus(statuses).fault())) {}
    while (nextStatus(statuses).fault() != null) {}
    send(Requests.greedy(2, prompt, 2));
    assertInstanceOf(SequenceEvent.PromptComputed.class, events.poll(5, TimeUnit.SECONDS));
    for (int token : EngineTest.expected(prompt, 2, Set.of())) {
      var event = assertInstanceOf(SequenceEvent.Token.class, events.poll(5, TimeUnit.SECONDS));
      assertEquals(token, event.token());
    }
    assertEquals(3, opened.get());
  }

  private void send(GenerationRequest request) {
    vertx.eventBus().send(BusAddresses.engine("m"), new EngineMessage.Batch(List.of(request)));
  }

  private static EngineStatus nextStatus(BlockingQueue<EngineStatus> statuses)
      throws InterruptedException {
    EngineStatus status = statuses.poll(5, TimeUnit.SECONDS);
    assertTrue(status != null, "no status");
    return status;
  }
}
