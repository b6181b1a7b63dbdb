package io.fullbore.serving;

import io.fullbore.engine.BatchMessage.Submit;
import io.fullbore.engine.GenerationRequest;
import io.vertx.core.eventbus.DeliveryOptions;
import java.util.List;

/**
 * How long a request waits for a local model.
 *
 * @param maxWaitMs in the queue at most
 * @param withinMs until its answer is complete at most, as far as can be foretold
 */
record Patience(long maxWaitMs, long withinMs) {
  private static final long MAX_WAIT_MS = 86_400_000;

  /** As long as it takes. */
  static final Patience UNLIMITED = new Patience(Submit.NO_LIMIT, Submit.NO_LIMIT);

  /** The queue answers at once who may wait for ever, and others when they have waited. */
  DeliveryOptions delivery() {
    long waitMs = maxWaitMs == Submit.NO_LIMIT ? 0 : Math.min(maxWaitMs, MAX_WAIT_MS);
    return new DeliveryOptions().setSendTimeout(waitMs + DeliveryOptions.DEFAULT_TIMEOUT);
  }

  Submit submit(List<GenerationRequest> requests) {
    return new Submit(requests, maxWaitMs, withinMs);
  }
}
