package io.fullbore.engine;

import io.fullbore.core.RequestId;
import java.util.List;

/** What a batch verticle sends to {@code engine.<replica>}. */
public sealed interface EngineMessage {
  /** Requests to run from the next step on. */
  record Batch(List<GenerationRequest> requests) implements EngineMessage {
    public Batch {
      requests = List.copyOf(requests);
    }
  }

  /**
   * Asks the engine to end what it has and to take nothing new; answered, with null, when the last
   * sequence has ended.
   */
  record Drain() implements EngineMessage {}

  /** Drops sequences; those that have ended are ignored. */
  record Cancel(List<RequestId> ids) implements EngineMessage {
    public Cancel {
      ids = List.copyOf(ids);
    }
  }
}
