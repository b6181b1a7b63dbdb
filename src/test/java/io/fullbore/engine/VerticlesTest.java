package io.fullbore.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Failure;
import io.fullbore.core.RequestId;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.Message;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The queue and the engine over a real event bus. */
@Timeout(30)
class VerticlesTest {
  private static final String VERSION = "m";

  private final Vertx vertx = Vertx.vertx();
  private final BlockingQueue<SequenceEvent> events = new LinkedBlockingQueue<>();
  private final BlockingQueue<EngineMessage> engineMessages = new LinkedBlockingQueue<>();
  private final RememberingBackend backend = new RememberingBackend(64, 4, 32);
  private long nowNanos;

  @BeforeEach
  void listen() {
    RecordCodec.registerAll(vertx.eventBus());
    vertx
        .eventBus()
        .<StepEvents>consumer("api.test", message -> events.addAll(message.body().events()))
        .completion()
        .await();
  }

  @AfterEach
  void close() {
    vertx.close().await();
  }

  private void deployQueue(BatchSettings settings) {
    vertx
        .deployVerticle(new BatchVerticle(VERSION, List.of(VERSION), settings, 4, () -> nowNanos))
        .await();
  }

  private String deployEngine(int maxRunning) {
    return vertx
        .deployVerticle(
            new EngineVerticle(VERSION, new EngineSettings(maxRunning, 40, true), () -> backend),
            new DeploymentOptions()
                .setThreadingModel(ThreadingModel.WORKER)
                .setWorkerPoolName("engine-test")
                .setWorkerPoolSize(1))
        .await();
  }

  /** Stands in for the engine: notes what it gets. */
  private void pretendEngine() {
    vertx
        .eventBus()
        .<EngineMessage>consumer(
            BusAddresses.engine(VERSION), message -> engineMessages.add(message.body()))
        .completion()
        .await();
  }

  private void report(long batchesReceived, int running, int waiting, int freeBlocks) {
    report(batchesReceived, running, waiting, freeBlocks, 0, 0);
  }

  private void report(
      long batchesReceived,
      int running,
      int waiting,
      int freeBlocks,
      long endedCount,
      long stepMicros) {
    vertx
        .eventBus()
        .publish(
            BusAddresses.ENGINE_STATUS,
            new EngineStatus(
                VERSION,
                batchesReceived,
                running,
                waiting,
                8,
                freeBlocks,
                64,
                0,
                0,
                0,
                0,
                0,
                endedCount,
                stepMicros,
                0,
                0,
                null));
  }

  private Admission submit(GenerationRequest... requests) {
    return submitting(BatchMessage.Submit.NO_LIMIT, requests).await();
  }

  private Future<Admission> submitting(long maxWaitMs, GenerationRequest... requests) {
    return submitting(maxWaitMs, BatchMessage.Submit.NO_LIMIT, requests);
  }

  private Future<Admission> submitting(
      long maxWaitMs, long withinMs, GenerationRequest... requests) {
    return vertx
        .eventBus()
        .<Admission>request(
            BusAddresses.batch(VERSION),
            new BatchMessage.Submit(List.of(requests), maxWaitMs, withinMs))
        .map(Message::body);
  }

  /** The queue has taken in what was reported before; a request that may not wait leaves again. */
  private void awaitReport() {
    submitting(0, request(99, 9, 5)).await();
  }

  private static GenerationRequest request(long id, int promptTokens, int maxTokens) {
    return Requests.greedy(id, IntStream.range(0, promptTokens).toArray(), maxTokens);
  }

  private List<RequestId> nextBatch() throws InterruptedException {
    var batch =
        assertInstanceOf(EngineMessage.Batch.class, engineMessages.poll(5, TimeUnit.SECONDS));
    return batch.requests().stream().map(GenerationRequest::id).toList();
  }

  private int nextToken() throws InterruptedException {
    SequenceEvent event = events.poll(5, TimeUnit.SECONDS);
    if (event instanceof SequenceEvent.PromptComputed) {
      event = events.poll(5, TimeUnit.SECONDS);
    }
    return assertInstanceOf(SequenceEvent.Token.class, event).token();
  }

  private static List<RequestId> ids(long... ids) {
    return Arrays.stream(ids).mapToObj(RequestId::new).toList();
  }

  @Test
  void aRequestRunsThroughQueueAndEngine() throws InterruptedException {
    deployQueue(new BatchSettings(16, 500, 10, 1_000));
    deployEngine(8);
    GenerationRequest request = request(1, 9, 5);
    assertEquals(new Admission.Accepted(), submit(request));
    for (int expected : EngineTest.expected(request.prompt(), 5, Set.of())) {
      assertEquals(expected, nextToken());
    }
    assertInstanceOf(SequenceEvent.Finished.class, events.poll(5, TimeUnit.SECONDS));
  }

  @Test
  void sendsAtOnceWhileTheEngineHasRoom() throws InterruptedException {
    pretendEngine();
    deployQueue(new BatchSettings(16, 60_000, 10, 1_000));
    report(0, 0, 0, 64);
    submit(request(1, 9, 5));
    assertEquals(ids(1), nextBatch());
  }

  @Test
  void holdsRequestsBackWhileTheEngineIsFullAndSendsWhenItReportsRoom()
      throws InterruptedException {
    pretendEngine();
    deployQueue(new BatchSettings(16, 60_000, 10, 1_000));
    report(0, 8, 0, 64);
    submit(request(1, 9, 5));
    submit(request(2, 9, 5));
    assertNull(engineMessages.poll(20, TimeUnit.MILLISECONDS));
    report(0, 7, 0, 64);
    assertEquals(ids(1), nextBatch());
    report(1, 6, 0, 64);
    assertEquals(ids(2), nextBatch());
  }

  @Test
  void sendsOnlyWhatTheFreeBlocksHold() throws InterruptedException {
    pretendEngine();
    deployQueue(new BatchSettings(16, 60_000, 10, 1_000));
    report(0, 8, 0, 0);
    submit(request(1, 9, 5), request(2, 9, 5), request(3, 9, 5));
    report(0, 1, 0, 7);
    assertEquals(ids(1, 2), nextBatch());
  }

  @Test
  void sendsAFullBatchAheadOfTheEnginesRoomOnlyOnce() throws InterruptedException {
    pretendEngine();
    deployQueue(new BatchSettings(2, 60_000, 10, 1_000));
    report(0, 8, 0, 0);
    submit(request(1, 9, 5));
    assertNull(engineMessages.poll(20, TimeUnit.MILLISECONDS));
    submit(request(2, 9, 5));
    assertEquals(ids(1, 2), nextBatch());
    submit(request(3, 9, 5), request(4, 9, 5));
    assertNull(engineMessages.poll(20, TimeUnit.MILLISECONDS));
  }

  @Test
  void sendsWhenTheOldestHasWaitedLongEnough() throws InterruptedException {
    pretendEngine();
    deployQueue(new BatchSettings(16, 5, 10, 1_000));
    report(0, 8, 0, 0);
    submit(request(1, 9, 5));
    nowNanos += 5_000_000;
    report(0, 8, 0, 0);
    assertEquals(ids(1), nextBatch());
  }

  @Test
  void refusesWhatDoesNotFitTheQueueAllOrNothing() {
    pretendEngine();
    deployQueue(new BatchSettings(16, 60_000, 3, 30));
    assertInstanceOf(Admission.Accepted.class, submit(request(1, 5, 5), request(2, 5, 5)));
    var refused =
        assertInstanceOf(Admission.Refused.class, submit(request(3, 5, 5), request(4, 5, 5)));
    assertTrue(refused.retryAfterMs() >= 1_000);
    assertInstanceOf(Admission.Refused.class, submit(request(5, 21, 5)));
    assertInstanceOf(Admission.Accepted.class, submit(request(6, 20, 5)));
  }

  @Test
  void cancelsAQueuedRequest() throws InterruptedException {
    pretendEngine();
    deployQueue(new BatchSettings(16, 60_000, 10, 1_000));
    submit(request(1, 9, 5));
    vertx
        .eventBus()
        .send(BusAddresses.batch(VERSION), new BatchMessage.Cancel(List.of(new RequestId(1))));
    var failed = assertInstanceOf(SequenceEvent.Failed.class, events.poll(5, TimeUnit.SECONDS));
    assertInstanceOf(Failure.Cancelled.class, failed.failure());
    report(0, 0, 0, 64);
    assertNull(engineMessages.poll(20, TimeUnit.MILLISECONDS));
  }

  @Test
  void cancelsARunningRequest() throws InterruptedException {
    deployQueue(new BatchSettings(16, 500, 10, 1_000));
    deployEngine(8);
    submit(request(1, 9, 240));
    nextToken();
    vertx
        .eventBus()
        .send(BusAddresses.batch(VERSION), new BatchMessage.Cancel(List.of(new RequestId(1))));
    SequenceEvent last = events.poll(5, TimeUnit.SECONDS);
    while (last instanceof SequenceEvent.Token) {
      last = events.poll(5, TimeUnit.SECONDS);
    }
    assertNotNull(last);
  }

  @Test
  void undeployingEndsEveryRequest() throws InterruptedException {
    deployQueue(new BatchSettings(16, 500, 10, 1_000));
    String engine = deployEngine(1);
    submit(request(1, 9, 240));
    nextToken();
    vertx.undeploy(engine).await();
    SequenceEvent last = events.poll(5, TimeUnit.SECONDS);
    while (last instanceof SequenceEvent.Token) {
      last = events.poll(5, TimeUnit.SECONDS);
    }
    assertNotNull(last);
    assertTrue(backend.closed());
  }

  @Test
  void aDrainedEngineEndsWhatItHasAndTakesNothingNew() throws InterruptedException {
    deployQueue(new BatchSettings(16, 500, 10, 1_000));
    deployEngine(8);
    submit(request(1, 9, 100));
    nextToken();
    var drained = vertx.eventBus().request(BusAddresses.engine(VERSION), new EngineMessage.Drain());
    vertx
        .eventBus()
        .send(BusAddresses.engine(VERSION), new EngineMessage.Batch(List.of(request(2, 5, 5))));
    drained.await();
    SequenceEvent.Failed refused = null;
    SequenceEvent.Finished finished = null;
    while (refused == null || finished == null) {
      switch (events.poll(5, TimeUnit.SECONDS)) {
        case SequenceEvent.Failed failed -> refused = failed;
        case SequenceEvent.Finished end -> finished = end;
        case null -> throw new AssertionError("an event is missing");
        default -> {}
      }
    }
    assertEquals(new RequestId(2), refused.id());
    assertInstanceOf(Failure.Unavailable.class, refused.failure());
    assertEquals(100, finished.usage().completionTokens());
  }

  @Test
  void saysWhenTheQueueIsFullAndWhenItTakesRequestsAgain() throws InterruptedException {
    BlockingQueue<QueueStatus> statuses = new LinkedBlockingQueue<>();
    vertx
        .eventBus()
        .<QueueStatus>consumer(BusAddresses.BATCH_STATUS, message -> statuses.add(message.body()))
        .completion()
        .await();
    pretendEngine();
    deployQueue(new BatchSettings(16, 60_000, 2, 1_000));
    submit(request(1, 5, 5));
    submit(request(2, 5, 5));
    assertTrue(statuses.poll(5, TimeUnit.SECONDS).full());
    report(0, 0, 0, 64);
    assertEquals(ids(1, 2), nextBatch());
    assertFalse(statuses.poll(5, TimeUnit.SECONDS).full());
  }

  @Test
  void aLimitedWaitIsAcceptedWhenTheEngineGetsTheRequest() throws InterruptedException {
    pretendEngine();
    deployQueue(new BatchSettings(16, 60_000, 10, 1_000));
    report(0, 8, 0, 64);
    Future<Admission> admission = submitting(60_000, request(1, 9, 5));
    submit(request(2, 9, 5));
    assertFalse(admission.isComplete());
    report(0, 7, 0, 64);
    assertEquals(ids(1), nextBatch());
    assertEquals(new Admission.Accepted(), admission.await());
  }

  @Test
  void aLimitedWaitIsRefusedWhenItsTimeIsOverAndLeavesNothingBehind() throws InterruptedException {
    pretendEngine();
    deployQueue(new BatchSettings(16, 60_000, 10, 1_000));
    report(0, 8, 0, 64);
    Future<Admission> admission = submitting(5, request(1, 9, 5), request(2, 9, 5));
    submit(request(3, 9, 5));
    assertInstanceOf(Admission.Refused.class, admission.await());
    report(0, 0, 0, 64);
    assertEquals(ids(3), nextBatch());
  }

  @Test
  void aLimitedWaitIsRefusedAtOnceWhereTheEnginesPaceForetellsALongerOne() {
    pretendEngine();
    deployQueue(new BatchSettings(16, 60_000, 10, 1_000));
    report(0, 8, 0, 64, 0, 20_000);
    awaitReport();
    nowNanos += 1_000_000_000;
    report(0, 8, 0, 64, 1, 20_000);
    assertInstanceOf(Admission.Refused.class, submitting(1_000, request(1, 9, 5)).await());
    Future<Admission> patient = submitting(60_000, request(2, 9, 5));
    assertInstanceOf(Admission.Refused.class, submitting(2_000, request(3, 9, 5)).await());
    assertFalse(patient.isComplete());
  }

  @Test
  void whoWouldBeAnsweredTooLateIsRefusedAtOnce() {
    pretendEngine();
    deployQueue(new BatchSettings(16, 60_000, 10, 1_000));
    report(0, 8, 0, 64, 0, 0);
    awaitReport();
    nowNanos += 1_000_000_000;
    report(0, 8, 0, 64, 1, 0);
    // A turn in a second, and up to ten for the answer: eight run at once.
    assertInstanceOf(Admission.Refused.class, submitting(60_000, 10_999, request(1, 9, 5)).await());
    assertFalse(submitting(60_000, 11_000, request(2, 9, 5)).isComplete());
  }

  @Test
  void aLimitedWaitIsRefusedWhereOneStepTakesLonger() {
    pretendEngine();
    deployQueue(new BatchSettings(16, 60_000, 10, 1_000));
    report(0, 1, 0, 64, 0, 700_000);
    assertInstanceOf(Admission.Refused.class, submitting(500, request(1, 9, 5)).await());
  }

  @Test
  void aLimitedWaitNeverWaitsInTheEngine() throws InterruptedException {
    pretendEngine();
    deployQueue(new BatchSettings(2, 5, 10, 1_000));
    report(0, 8, 0, 0);
    submit(request(1, 9, 5));
    Future<Admission> admission = submitting(60_000, request(2, 9, 5));
    submit(request(3, 9, 5));
    assertEquals(ids(1), nextBatch());
    assertFalse(admission.isComplete());
    nowNanos += 5_000_000;
    report(1, 8, 0, 0);
    assertNull(engineMessages.poll(20, TimeUnit.MILLISECONDS));
  }

  @Test
  void aCancelledLimitedWaitIsAnswered() {
    pretendEngine();
    deployQueue(new BatchSettings(16, 60_000, 10, 1_000));
    report(0, 8, 0, 64);
    Future<Admission> admission = submitting(60_000, request(1, 9, 5));
    vertx
        .eventBus()
        .send(BusAddresses.batch(VERSION), new BatchMessage.Cancel(List.of(new RequestId(1))));
    assertInstanceOf(Admission.Refused.class, admission.await());
  }
}
