package io.fullbore.engine;

import java.util.Comparator;
import java.util.List;

/**
 * The rooms of the engines that compute one model version, one per replica, and the choice among
 * them. Owned by the batch verticle's event loop.
 */
final class EngineRooms {
  private final List<EngineRoom> rooms;

  /**
   * @param replicas names of the engines on the bus, at least one
   */
  EngineRooms(List<String> replicas, int blockTokens) {
    rooms = replicas.stream().map(replica -> new EngineRoom(replica, blockTokens)).toList();
    if (rooms.isEmpty()) {
      throw new IllegalArgumentException("a model version needs an engine");
    }
  }

  /** Takes in a status; whether it is of one of these engines. */
  boolean update(EngineStatus status, long nowNanos) {
    for (EngineRoom room : rooms) {
      if (room.replica().equals(status.version())) {
        room.update(status, nowNanos);
        return true;
      }
    }
    return false;
  }

  /**
   * The engine that gets the next batch: of those without a fault, if there are any, the one that
   * can start the most of the requests at once, and among equals the one with the least to do.
   */
  EngineRoom best(List<GenerationRequest> requests) {
    if (rooms.size() == 1) {
      return rooms.getFirst();
    }
    Comparator<EngineRoom> byRoom =
        Comparator.comparing(EngineRoom::isUp)
            .thenComparingInt(room -> room.fittingNow(requests))
            .thenComparingInt(room -> -room.load());
    return rooms.stream().max(byRoom).orElseThrow();
  }

  List<EngineRoom> all() {
    return rooms;
  }
}
