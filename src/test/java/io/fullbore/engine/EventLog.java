package io.fullbore.engine;

import static org.junit.jupiter.api.Assertions.assertNull;

import io.fullbore.core.RequestId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Collects events per sequence and asserts that nothing follows a terminal event. */
final class EventLog implements Engine.EventSink {
  private final Map<RequestId, List<Integer>> tokens = new HashMap<>();
  private final Map<RequestId, SequenceEvent> terminals = new HashMap<>();
  private final List<SequenceEvent> all = new ArrayList<>();

  @Override
  public void emit(String replyTo, SequenceEvent event) {
    all.add(event);
    assertNull(terminals.get(event.id()), "an event after the terminal one");
    switch (event) {
      case SequenceEvent.PromptScored scored -> {}
      case SequenceEvent.PromptComputed computed -> {}
      case SequenceEvent.Token token ->
          tokens.computeIfAbsent(token.id(), id -> new ArrayList<>()).add(token.token());
      case SequenceEvent.Finished finished -> terminals.put(finished.id(), finished);
      case SequenceEvent.Failed failed -> terminals.put(failed.id(), failed);
    }
  }

  List<Integer> tokens(long id) {
    return tokens.getOrDefault(new RequestId(id), List.of());
  }

  @Nullable SequenceEvent terminal(long id) {
    return terminals.get(new RequestId(id));
  }

  int terminalCount() {
    return terminals.size();
  }

  List<SequenceEvent> all() {
    return all;
  }
}
