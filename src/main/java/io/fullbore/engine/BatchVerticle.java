package io.fullbore.engine;

import io.fullbore.core.Failure;
import io.fullbore.core.RequestId;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.eventbus.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * The bounded waiting queue of one model version. Sends a batch to the engine when one of three
 * triggers fires:
 *
 * <pre>
 *   room      the engine's free KV blocks and running slots can hold requests now
 *   size      maxBatchSize requests wait
 *   timeout   the oldest request waited timeoutMs
 * </pre>
 *
 * <p>Where several engines compute the version, the next batch goes to the one with the most room.
 *
 * <p>The last two hand the engine work ahead of its room, at most one batch of it, so that it can
 * order what waits; beyond that requests stay here. What does not fit the queue is refused, never
 * queued without end. A submission with a limit of its own waits here alone, never in the engine,
 * and is refused when its time is over or when the engine's pace says that it will be. Knows the
 * engine's room from {@link EngineStatus}. Runs on one event loop.
 */
public final class BatchVerticle extends VerticleBase {
  private static final long NO_TIMER = -1;

  /** An answer may take so much longer than usual. */
  private static final double SLOW_ANSWER = 1.25;

  private final String version;
  private final BatchSettings settings;
  private final EngineRooms rooms;
  private final LongSupplier nanoClock;
  private final WaitingQueue queue;
  private LimitedWaits limitedWaits;
  private long timer = NO_TIMER;
  private boolean saidFull;

  /**
   * @param replicas names of the version's engines on the bus
   * @param blockTokens tokens per block of their KV caches
   * @param nanoClock a monotonic clock, such as {@link System#nanoTime}
   */
  @SuppressWarnings("NullAway.Init")
  public BatchVerticle(
      String version,
      List<String> replicas,
      BatchSettings settings,
      int blockTokens,
      LongSupplier nanoClock) {
    this.version = version;
    this.settings = settings;
    this.rooms = new EngineRooms(replicas, blockTokens);
    this.nanoClock = nanoClock;
    this.queue = new WaitingQueue(settings);
  }

  @Override
  public Future<?> start() {
    limitedWaits = new LimitedWaits(vertx);
    var bus = vertx.eventBus();
    var statuses =
        bus.<EngineStatus>localConsumer(
            BusAddresses.ENGINE_STATUS, message -> onStatus(message.body()));
    var submissions = bus.<BatchMessage>consumer(BusAddresses.batch(version), this::receive);
    return Future.all(statuses.completion(), submissions.completion());
  }

  private void receive(Message<BatchMessage> message) {
    switch (message.body()) {
      case BatchMessage.Submit submit -> submit(message, submit);
      case BatchMessage.Cancel cancel -> cancel(cancel.ids());
    }
    sendBatches();
  }

  private void submit(Message<BatchMessage> message, BatchMessage.Submit submit) {
    if (submit.hasLimit() && tooLate(submit)) {
      message.reply(busy());
    } else if (!queue.offer(submit.requests(), nanoClock.getAsLong())) {
      message.reply(
          new Admission.Refused(
              "The queue of model '%s' is full.".formatted(version), queue.retryAfterMs()));
    } else if (submit.hasLimit()) {
      limitedWaits.add(message, submit, this::giveUp);
    } else {
      message.reply(new Admission.Accepted());
    }
  }

  private boolean tooLate(BatchMessage.Submit submit) {
    EngineRoom room = rooms.best(submit.requests());
    long waitMs = room.waitMs(queue.all(), submit.requests());
    boolean answeredTooLate =
        waitMs > 0 && waitMs + SLOW_ANSWER * room.answerMs() > submit.withinMs();
    return waitMs > submit.maxWaitMs() || answeredTooLate;
  }

  private Admission busy() {
    return new Admission.Refused(
        "The model '%s' is busy.".formatted(version), queue.retryAfterMs());
  }

  /** A submission has waited as long as it may. */
  private void giveUp(List<RequestId> ids) {
    ids.forEach(queue::remove);
    limitedWaits.answer(ids.getFirst(), busy());
    sendBatches();
  }

  private void cancel(List<RequestId> ids) {
    List<RequestId> elsewhere = new ArrayList<>();
    for (RequestId id : ids) {
      GenerationRequest queued = queue.remove(id);
      if (queued == null) {
        elsewhere.add(id);
      } else {
        limitedWaits.answer(id, busy());
        fail(queued, new Failure.Cancelled("The request was cancelled."));
      }
    }
    if (!elsewhere.isEmpty()) {
      for (EngineRoom room : rooms.all()) {
        vertx
            .eventBus()
            .send(BusAddresses.engine(room.replica()), new EngineMessage.Cancel(elsewhere));
      }
    }
  }

  private void onStatus(EngineStatus status) {
    if (rooms.update(status, nanoClock.getAsLong())) {
      sendBatches();
    }
  }

  private void sendBatches() {
    EngineRoom room = rooms.best(queue.first(settings.maxBatchSize()));
    int size = batchSize(room);
    while (size > 0) {
      List<GenerationRequest> batch = queue.take(size, nanoClock.getAsLong());
      room.sent(batch);
      batch.forEach(request -> limitedWaits.answer(request.id(), new Admission.Accepted()));
      vertx.eventBus().send(BusAddresses.engine(room.replica()), new EngineMessage.Batch(batch));
      room = rooms.best(queue.first(settings.maxBatchSize()));
      size = batchSize(room);
    }
    armTimer();
    publishFullness();
  }

  private void publishFullness() {
    if (queue.isFull() != saidFull) {
      saidFull = queue.isFull();
      vertx
          .eventBus()
          .publish(
              BusAddresses.BATCH_STATUS, new QueueStatus(version, saidFull, queue.retryAfterMs()));
    }
  }

  /** Requests to send to an engine now; 0 when no trigger fires. */
  private int batchSize(EngineRoom room) {
    if (queue.isEmpty()) {
      return 0;
    }
    int fitting = room.fittingNow(queue.first(settings.maxBatchSize()));
    if (fitting > 0) {
      return fitting;
    }
    boolean full = queue.size() >= settings.maxBatchSize();
    boolean overdue = queue.oldestWaitMs(nanoClock.getAsLong()) >= settings.timeoutMs();
    return full || overdue ? sentAhead(room) : 0;
  }

  /** How many of the oldest may wait in the engine from now on. */
  private int sentAhead(EngineRoom room) {
    List<GenerationRequest> oldest =
        queue.first(Math.max(0, settings.maxBatchSize() - room.aheadOfRoom()));
    int ahead = 0;
    while (ahead < oldest.size() && !limitedWaits.contains(oldest.get(ahead))) {
      ahead++;
    }
    return ahead;
  }

  private void armTimer() {
    if (timer != NO_TIMER) {
      vertx.cancelTimer(timer);
      timer = NO_TIMER;
    }
    long left = settings.timeoutMs() - queue.oldestWaitMs(nanoClock.getAsLong());
    if (!queue.isEmpty() && left > 0) {
      timer = vertx.setTimer(left, ignored -> onTimer());
    }
  }

  private void onTimer() {
    timer = NO_TIMER;
    sendBatches();
  }

  private void fail(GenerationRequest request, Failure failure) {
    SequenceEvent event = new SequenceEvent.Failed(request.id(), failure);
    vertx.eventBus().send(request.replyTo(), new StepEvents(List.of(event)));
  }

  @Override
  public Future<?> stop() {
    for (GenerationRequest request : queue.take(queue.size(), nanoClock.getAsLong())) {
      limitedWaits.answer(request.id(), new Admission.Accepted());
      fail(request, new Failure.Unavailable("The model is being unloaded."));
    }
    return Future.succeededFuture();
  }
}
