package io.fullbore.stub;

import io.vertx.core.json.JsonArray;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Which behaviour a request gets: the first of a queue for the next requests, and a usual one after
 * them. Safe for all threads.
 */
final class StubScript {
  private final ArrayDeque<StubBehaviour> next = new ArrayDeque<>();
  private StubBehaviour usual;

  StubScript(StubBehaviour usual) {
    this.usual = usual;
  }

  synchronized StubBehaviour take() {
    return next.isEmpty() ? usual : next.removeFirst();
  }

  synchronized void next(List<StubBehaviour> behaviours) {
    next.addAll(behaviours);
  }

  synchronized void always(StubBehaviour behaviour) {
    next.clear();
    usual = behaviour;
  }

  /** Changes the usual one; returns its JSON form. */
  synchronized String change(String json) {
    usual = usual.changed(json);
    return usual.json();
  }

  /** Queues changes of the usual one. */
  synchronized void next(JsonArray changes) {
    for (Object change : changes) {
      next.addLast(usual.changed(change.toString()));
    }
  }
}
