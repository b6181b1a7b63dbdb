package io.fullbore.upstream;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Those who wait, first come first served, all equally long at most: the first in the line is the
 * first whose time is over. Bounded. Owned by {@link SharedGate} and used under its lock. Times are
 * nanoseconds since the gate was made.
 */
final class WaitingLine<T> {
  private static final long MS_NANOS = 1_000_000;

  private final int capacity;
  private final long timeoutNanos;
  private final ArrayDeque<Place<T>> places = new ArrayDeque<>();

  private record Place<T>(T who, long deadlineNanos) {}

  /**
   * @param timeoutMs 0 lets nobody wait
   */
  WaitingLine(int capacity, long timeoutMs) {
    this.capacity = timeoutMs == 0 ? 0 : capacity;
    timeoutNanos = timeoutMs * MS_NANOS;
  }

  boolean isEmpty() {
    return places.isEmpty();
  }

  boolean isFull() {
    return places.size() >= capacity;
  }

  int size() {
    return places.size();
  }

  void add(T who, long nowNanos) {
    places.add(new Place<>(who, nowNanos + timeoutNanos));
  }

  /** The first, who leaves. */
  T remove() {
    return places.remove().who();
  }

  /**
   * The first who is meant, who leaves.
   *
   * @return null where nobody is
   */
  @Nullable T remove(Predicate<T> meant) {
    for (Place<T> place : places) {
      if (meant.test(place.who())) {
        places.remove(place);
        return place.who();
      }
    }
    return null;
  }

  /** Those whose time is over, who leave. */
  List<T> expired(long nowNanos) {
    if (firstExpiresInMs(nowNanos) > 0) {
      return List.of();
    }
    var gone = new ArrayList<T>();
    while (firstExpiresInMs(nowNanos) == 0) {
      gone.add(places.remove().who());
    }
    return gone;
  }

  /** All, who leave. */
  List<T> clear() {
    List<T> all = places.stream().map(Place::who).toList();
    places.clear();
    return all;
  }

  /** {@link Long#MAX_VALUE} where nobody waits. */
  long firstExpiresInMs(long nowNanos) {
    Place<T> first = places.peek();
    return first == null
        ? Long.MAX_VALUE
        : Math.max(0, Math.ceilDiv(first.deadlineNanos() - nowNanos, MS_NANOS));
  }
}
