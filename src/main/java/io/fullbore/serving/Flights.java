package io.fullbore.serving;

import io.fullbore.cache.CacheKey;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;

/** The answers under way in this process that others may join. Shared by all API instances. */
public final class Flights {
  private final ConcurrentMap<CacheKey, Flight> byKey = new ConcurrentHashMap<>();

  /** The flight of this name: the one there is, or the one given. */
  Flight getOrAdd(CacheKey key, Supplier<Flight> made) {
    return byKey.computeIfAbsent(key, ignored -> made.get());
  }

  void remove(CacheKey key, Flight flight) {
    byKey.remove(key, flight);
  }

  /** Answers under way. */
  public int count() {
    return byKey.size();
  }
}
