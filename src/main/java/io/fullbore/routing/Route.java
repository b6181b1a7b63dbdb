package io.fullbore.routing;

import io.fullbore.config.UpstreamConfig.Policy;
import java.util.ArrayList;
import java.util.List;

/**
 * A name that requests ask for, and who serves it.
 *
 * @param spillAfterMs a request that would wait longer for the local model goes to an upstream
 * @param choices none where nobody serves the name
 */
public record Route(String name, Policy policy, long spillAfterMs, List<Choice> choices) {
  /**
   * One of those who serve it.
   *
   * @param weight its share among those of its priority
   * @param priority the lowest is asked first
   */
  public record Choice(Target target, int weight, int priority) {}

  public Route {
    choices = List.copyOf(choices);
  }

  /** A name that nobody serves. */
  public static Route nobody(String name) {
    return new Route(name, Policy.LOCAL_ONLY, 0, List.of());
  }

  /** A local model under its own name. */
  public static Route local(String model) {
    return new Route(
        model, Policy.LOCAL_ONLY, 0, List.of(new Choice(new Target.Local(model), 1, 0)));
  }

  /** Whether a policy lets an upstream serve it. */
  public boolean mayForward() {
    return policy != Policy.LOCAL_ONLY
        && choices.stream().anyMatch(choice -> choice.target() instanceof Target.Upstream);
  }

  /** The local models that a policy lets serve it. */
  public List<Target.Local> locals() {
    List<Target.Local> locals = new ArrayList<>();
    for (Choice choice : choices) {
      if (choice.target() instanceof Target.Local local && policy != Policy.UPSTREAM_ONLY) {
        locals.add(local);
      }
    }
    return locals;
  }
}
