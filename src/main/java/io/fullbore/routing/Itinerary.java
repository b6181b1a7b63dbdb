package io.fullbore.routing;

import java.util.List;

/**
 * Whom one request asks, one after the other until somebody answers.
 *
 * @param legs in this order
 * @param reopensInMs when an upstream that is left out now may be asked again; 0 where none is
 */
public record Itinerary(List<Leg> legs, long reopensInMs) {
  /**
   * One target.
   *
   * @param patience how long the local queue may keep the request; means nothing at an upstream
   */
  public record Leg(Target target, Patience patience) {}

  /** How long a request waits for a local model. */
  public enum Patience {
    /** As long as the route says: then somebody else is asked. */
    UNTIL_SPILL,
    /** Nobody else is left, but others were asked: as long as there is time left to answer. */
    LAST_RESORT,
    /** There is nobody else. */
    UNLIMITED
  }

  public Itinerary {
    legs = List.copyOf(legs);
  }
}
