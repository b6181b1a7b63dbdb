package io.fullbore.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.config.UpstreamConfig.Policy;
import io.fullbore.config.UpstreamConfig.UpstreamModel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RouterTest {
  private static final Target.Local LOCAL = new Target.Local("small");

  private final Router router = new Router(new SplittableRandom(1));

  private record Fixed(
      boolean localPossible, boolean mayForward, Map<String, Long> closed, Map<String, Long> costs)
      implements Router.Situation {
    static final Fixed CALM = new Fixed(true, true, Map.of(), Map.of());

    @Override
    public long closedForMs(String upstream) {
      return closed.getOrDefault(upstream, 0L);
    }

    @Override
    public long costMicros(Target target) {
      return costs.getOrDefault(target.priceName(), 0L);
    }
  }

  private static Target.Upstream upstream(String name) {
    return new Target.Upstream(name, new UpstreamModel("big", 100, 0, 0));
  }

  private static Route route(Policy policy, Target... targets) {
    return new Route(
        "chat",
        policy,
        500,
        List.of(targets).stream().map(target -> new Route.Choice(target, 1, 0)).toList());
  }

  private List<String> ask(Route route, Router.Situation situation) {
    return router.itinerary(route, situation).legs().stream()
        .map(leg -> leg.target().priceName() + " " + leg.patience())
        .toList();
  }

  @Test
  void localFirstSpillsAndComesBack() {
    assertEquals(
        List.of("small UNTIL_SPILL", "a/big UNLIMITED", "small LAST_RESORT"),
        ask(route(Policy.LOCAL_FIRST, upstream("a"), LOCAL), Fixed.CALM));
  }

  @Test
  void upstreamFirstFallsBackToTheLocalModel() {
    assertEquals(
        List.of("a/big UNLIMITED", "small LAST_RESORT"),
        ask(route(Policy.UPSTREAM_FIRST, LOCAL, upstream("a")), Fixed.CALM));
  }

  @Test
  void thePoliciesOfOneKindAskNobodyElse() {
    assertEquals(
        List.of("small UNLIMITED"),
        ask(route(Policy.LOCAL_ONLY, LOCAL, upstream("a")), Fixed.CALM));
    assertEquals(
        List.of("a/big UNLIMITED"),
        ask(route(Policy.UPSTREAM_ONLY, LOCAL, upstream("a")), Fixed.CALM));
  }

  @Test
  void theCheapestComesFirst() {
    var prices = new Fixed(true, true, Map.of(), Map.of("a/big", 9L, "b/big", 2L, "small", 5L));
    assertEquals(
        List.of("b/big UNLIMITED", "small UNTIL_SPILL", "a/big UNLIMITED", "small LAST_RESORT"),
        ask(route(Policy.CHEAPEST, upstream("a"), LOCAL, upstream("b")), prices));
  }

  @Test
  void aClosedUpstreamIsLeftOutAndSaysWhenItReopens() {
    var closed = new Fixed(true, true, Map.of("a", 700L, "b", 300L), Map.of());
    Route route = route(Policy.LOCAL_FIRST, LOCAL, upstream("a"), upstream("b"));
    assertEquals(List.of("small LAST_RESORT"), ask(route, closed));
    assertEquals(300, router.itinerary(route, closed).reopensInMs());
    assertEquals(List.of(), ask(route(Policy.UPSTREAM_ONLY, upstream("a")), closed));
  }

  @Test
  void whatMayNotLeaveStaysLocal() {
    var inside = new Fixed(true, false, Map.of(), Map.of());
    assertEquals(
        List.of("small UNLIMITED"),
        ask(route(Policy.UPSTREAM_FIRST, LOCAL, upstream("a")), inside));
    assertEquals(List.of(), ask(route(Policy.UPSTREAM_ONLY, upstream("a")), inside));
  }

  @Test
  void whatNoLocalModelCanDoIsForwarded() {
    var outside = new Fixed(false, true, Map.of(), Map.of());
    assertEquals(
        List.of("a/big UNLIMITED"), ask(route(Policy.LOCAL_FIRST, LOCAL, upstream("a")), outside));
  }

  @Test
  void prioritiesComeBeforeWeightsAndWeightsShareTheFirstPlace() {
    var route =
        new Route(
            "chat",
            Policy.UPSTREAM_ONLY,
            0,
            List.of(
                new Route.Choice(upstream("spare"), 1_000, 1),
                new Route.Choice(upstream("heavy"), 3, 0),
                new Route.Choice(upstream("light"), 1, 0)));
    Map<String, Integer> firsts = new HashMap<>();
    for (int i = 0; i < 4_000; i++) {
      List<String> asked = ask(route, Fixed.CALM);
      firsts.merge(asked.getFirst(), 1, Integer::sum);
      assertEquals("spare/big UNLIMITED", asked.getLast());
    }
    int heavy = firsts.get("heavy/big UNLIMITED");
    assertTrue(heavy > 2_850 && heavy < 3_150, "heavy=" + heavy);
  }
}
