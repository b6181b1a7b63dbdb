package io.fullbore.engine;

import java.util.List;

/** The events of one step for one API instance, in order. Sent to {@code api.<instance>}. */
public record StepEvents(List<SequenceEvent> events) {
  public StepEvents {
    events = List.copyOf(events);
  }
}
