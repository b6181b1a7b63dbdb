package io.fullbore.engine;

import io.fullbore.core.RequestId;
import java.util.List;

/** What API instances send to {@code batch.<version>}. */
public sealed interface BatchMessage {
  /**
   * Asks to take all of the requests or none; answered with an {@link Admission}: at once where
   * they may wait for ever, and else when the engine gets them or the time is over.
   *
   * @param maxWaitMs requests that are still queued after this time, or are sure to be, are
   *     refused; {@link #NO_LIMIT} for none
   * @param withinMs the time left for the answers; requests that have to wait and would get them
   *     too late are refused; {@link #NO_LIMIT} for none
   */
  record Submit(List<GenerationRequest> requests, long maxWaitMs, long withinMs)
      implements BatchMessage {
    /** Requests that wait as long as it takes. */
    public static final long NO_LIMIT = Long.MAX_VALUE;

    public Submit {
      requests = List.copyOf(requests);
      if (maxWaitMs < 0 || withinMs < 0) {
        throw new IllegalArgumentException(
            "maxWaitMs=%d withinMs=%d must not be negative".formatted(maxWaitMs, withinMs));
      }
    }

    public boolean hasLimit() {
      return maxWaitMs != NO_LIMIT;
    }
  }

  /** Drops requests wherever they are; those that have ended are ignored. Not answered. */
  record Cancel(List<RequestId> ids) implements BatchMessage {
    public Cancel {
      ids = List.copyOf(ids);
    }
  }
}
