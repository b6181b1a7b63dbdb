package io.fullbore.routing;

import io.fullbore.config.UpstreamConfig.Policy;
import io.fullbore.routing.Itinerary.Leg;
import io.fullbore.routing.Itinerary.Patience;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * Decides whom a request asks and in which order. Has no state but its source of randomness, which
 * decides among targets of one priority.
 */
public final class Router {
  /** What holds for one request at this moment. */
  public interface Situation {
    /** Whether a local model can answer it at all. */
    boolean localPossible();

    /** Whether it may leave this process. */
    boolean mayForward();

    /** How long an upstream is not worth asking; 0 for not at all. */
    long closedForMs(String upstream);

    /** What the longest answer that it allows would cost there. */
    long costMicros(Target target);
  }

  private final RandomGenerator random;

  public Router(RandomGenerator random) {
    this.random = random;
  }

  /** Whom a request asks; no legs where nobody can be asked now. */
  public Itinerary itinerary(Route route, Situation situation) {
    List<Target> targets = new ArrayList<>();
    long reopensInMs = 0;
    for (Target target : ordered(route)) {
      switch (target) {
        case Target.Local _ -> {
          if (situation.localPossible() && route.policy() != Policy.UPSTREAM_ONLY) {
            targets.add(target);
          }
        }
        case Target.Upstream(String upstream, _) -> {
          if (situation.mayForward() && route.policy() != Policy.LOCAL_ONLY) {
            long closedForMs = situation.closedForMs(upstream);
            if (closedForMs == 0) {
              targets.add(target);
            } else {
              reopensInMs = reopensInMs == 0 ? closedForMs : Math.min(reopensInMs, closedForMs);
            }
          }
        }
      }
    }
    sort(targets, route.policy(), situation);
    return new Itinerary(legs(targets, reopensInMs > 0), reopensInMs);
  }

  /**
   * By priority; among those of one priority in random order, the heavier ones rather first: each
   * gets a key of -ln(u)/weight (Efraimidis and Spirakis, "Weighted random sampling with a
   * reservoir", 2006).
   */
  private List<Target> ordered(Route route) {
    if (route.choices().size() == 1) {
      return List.of(route.choices().getFirst().target());
    }
    Map<Route.Choice, Double> keys = new HashMap<>();
    for (Route.Choice choice : route.choices()) {
      keys.put(choice, -Math.log(1 - random.nextDouble()) / choice.weight());
    }
    return route.choices().stream()
        .sorted(Comparator.comparingInt(Route.Choice::priority).thenComparingDouble(keys::get))
        .map(Route.Choice::target)
        .toList();
  }

  /** Keeps the order among equals. */
  private static void sort(List<Target> targets, Policy policy, Situation situation) {
    switch (policy) {
      case LOCAL_FIRST ->
          targets.sort(Comparator.comparing(target -> !(target instanceof Target.Local)));
      case UPSTREAM_FIRST ->
          targets.sort(Comparator.comparing(target -> target instanceof Target.Local));
      case CHEAPEST -> targets.sort(Comparator.comparingLong(situation::costMicros));
      case LOCAL_ONLY, UPSTREAM_ONLY -> {}
    }
  }

  /**
   * @param othersClosed whether somebody who is left out may be back soon
   */
  private static List<Leg> legs(List<Target> targets, boolean othersClosed) {
    List<Leg> legs = new ArrayList<>();
    List<Leg> lastResort = new ArrayList<>();
    boolean alone =
        !othersClosed && targets.stream().allMatch(target -> target instanceof Target.Local);
    for (int i = 0; i < targets.size(); i++) {
      Target target = targets.get(i);
      boolean somebodyElse =
          targets.subList(i + 1, targets.size()).stream()
              .anyMatch(other -> other instanceof Target.Upstream);
      if (alone) {
        legs.add(new Leg(target, Patience.UNLIMITED));
      } else if (target instanceof Target.Upstream) {
        legs.add(new Leg(target, Patience.UNLIMITED));
      } else {
        if (somebodyElse) {
          legs.add(new Leg(target, Patience.UNTIL_SPILL));
        }
        lastResort.add(new Leg(target, Patience.LAST_RESORT));
      }
    }
    legs.addAll(lastResort);
    return legs;
  }
}
