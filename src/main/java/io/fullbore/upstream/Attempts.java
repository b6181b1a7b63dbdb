package io.fullbore.upstream;

import java.util.HashSet;
import java.util.Set;

/**
 * The upstreams that one request was sent to. Whoever gets it once more, for whatever model, gets a
 * repetition. One per request, on its event loop.
 */
public final class Attempts {
  private final Set<String> upstreams = new HashSet<>(2);

  boolean include(String upstream) {
    return upstreams.contains(upstream);
  }

  void add(String upstream) {
    upstreams.add(upstream);
  }
}
