package io.fullbore.serving;

import io.fullbore.engine.BatchMessage.Submit;
import io.fullbore.engine.GenerationRequest;
import java.util.List;

/**
 * How long a request waits for a local model.
 *
 * @param maxWaitMs in the queue at most
 * @param withinMs until its answer is complete at most, as far as can be foretold
 */
record Patience(long maxWaitMs, long withinMs) {
  /** As long as it takes. */
  static final Patience UNLIMITED = new Patience(Submit.NO_LIMIT, Submit.NO_LIMIT);

  Submit submit(List<GenerationRequest> requests) {
    return new Submit(requests, maxWaitMs, withinMs);
  }
}
