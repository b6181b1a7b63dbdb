package io.fullbore.engine;

import io.fullbore.core.RequestId;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.Message;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The queued submissions that are to be refused rather than wait too long. Each is answered exactly
 * once: accepted when the first of its requests is sent to the engine, or refused when its time is
 * over. Owned by the batch verticle's event loop.
 */
final class LimitedWaits {
  private record Wait(Message<?> message, List<RequestId> ids, long timer) {}

  private final Vertx vertx;
  private final Map<RequestId, Wait> waits = new HashMap<>();

  LimitedWaits(Vertx vertx) {
    this.vertx = vertx;
  }

  /**
   * @param whenOver takes the requests out of the queue and says why; it gets the submission's ids
   */
  void add(
      Message<BatchMessage> message,
      BatchMessage.Submit submit,
      Consumer<List<RequestId>> whenOver) {
    List<RequestId> ids = submit.requests().stream().map(GenerationRequest::id).toList();
    // A timer of less than a millisecond does not exist.
    long timer = vertx.setTimer(Math.max(1, submit.maxWaitMs()), ignored -> whenOver.accept(ids));
    var wait = new Wait(message, ids, timer);
    ids.forEach(id -> waits.put(id, wait));
  }

  boolean contains(GenerationRequest request) {
    return waits.containsKey(request.id());
  }

  /** The submission of this request waits no longer; harmless where there is none. */
  void answer(RequestId id, Admission admission) {
    @Nullable Wait wait = waits.get(id);
    if (wait != null) {
      wait.ids.forEach(waits::remove);
      vertx.cancelTimer(wait.timer);
      wait.message.reply(admission);
    }
  }
}
