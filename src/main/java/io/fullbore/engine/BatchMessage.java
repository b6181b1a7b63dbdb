package io.fullbore.engine;

import io.fullbore.core.RequestId;
import java.util.List;

/** What API instances send to {@code batch.<version>}. */
public sealed interface BatchMessage {
  /** Asks to take all of the requests or none; answered with an {@link Admission}. */
  record Submit(List<GenerationRequest> requests) implements BatchMessage {
    public Submit {
      requests = List.copyOf(requests);
    }
  }

  /** Drops requests wherever they are; those that have ended are ignored. Not answered. */
  record Cancel(List<RequestId> ids) implements BatchMessage {
    public Cancel {
      ids = List.copyOf(ids);
    }
  }
}
