package io.fullbore.routing;

import io.fullbore.config.UpstreamConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All names that requests can ask for. Immutable, shared by all event loops.
 *
 * @param routes by name
 */
public record RoutingTable(SortedMap<String, Route> routes) {
  public RoutingTable {
    routes = Collections.unmodifiableSortedMap(new TreeMap<>(routes));
  }

  /**
   * Aliases, local models under their own names, and models of upstreams under theirs where no
   * alias and no local model has that name; a model of several upstreams is served by all of them.
   *
   * @throws IllegalArgumentException where an alias has the name of a local model, or a target that
   *     does not exist
   */
  public static RoutingTable of(
      Set<String> localModels,
      List<UpstreamConfig.Upstream> upstreams,
      List<UpstreamConfig.Alias> aliases) {
    var routes = new TreeMap<String, Route>();
    for (UpstreamConfig.Upstream upstream : upstreams) {
      for (UpstreamConfig.UpstreamModel model : upstream.models()) {
        routes.merge(
            model.name(), upstreamOnly(upstream.name(), model), RoutingTable::servedByBoth);
      }
    }
    localModels.forEach(model -> routes.put(model, Route.local(model)));
    for (UpstreamConfig.Alias alias : aliases) {
      if (localModels.contains(alias.name())) {
        throw new IllegalArgumentException(
            "aliases: name=%s is the name of a local model; give one of them another"
                .formatted(alias.name()));
      }
      routes.put(alias.name(), route(alias, localModels, upstreams));
    }
    return new RoutingTable(routes);
  }

  private static Route upstreamOnly(String upstream, UpstreamConfig.UpstreamModel model) {
    return new Route(
        model.name(),
        UpstreamConfig.Policy.UPSTREAM_ONLY,
        0,
        List.of(new Route.Choice(new Target.Upstream(upstream, model), 1, 0)));
  }

  private static Route servedByBoth(Route first, Route second) {
    List<Route.Choice> choices = new ArrayList<>(first.choices());
    choices.addAll(second.choices());
    return new Route(first.name(), first.policy(), 0, choices);
  }

  private static Route route(
      UpstreamConfig.Alias alias,
      Set<String> localModels,
      List<UpstreamConfig.Upstream> upstreams) {
    List<Route.Choice> choices = new ArrayList<>();
    for (UpstreamConfig.Target target : alias.targets()) {
      choices.add(
          new Route.Choice(
              target(alias, target, localModels, upstreams), target.weight(), target.priority()));
    }
    return new Route(alias.name(), alias.policy(), alias.spillAfterMs(), choices);
  }

  private static Target target(
      UpstreamConfig.Alias alias,
      UpstreamConfig.Target target,
      Set<String> localModels,
      List<UpstreamConfig.Upstream> upstreams) {
    if (!target.isUpstream()) {
      if (!localModels.contains(target.model())) {
        throw new IllegalArgumentException(
            "aliases: name=%s has the target model=%s, but the local models are: %s"
                .formatted(alias.name(), target.model(), String.join(", ", localModels)));
      }
      return new Target.Local(target.model());
    }
    return upstreams.stream()
        .filter(upstream -> upstream.name().equals(target.upstream()))
        .flatMap(upstream -> upstream.models().stream())
        .filter(model -> model.name().equals(target.model()))
        .findFirst()
        .map(model -> new Target.Upstream(target.upstream(), model))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "aliases: name=%s has the target model=%s, which is none of the models of upstream %s"
                        .formatted(alias.name(), target.model(), target.upstream())));
  }

  /** Null where nobody serves the name. */
  public @Nullable Route find(String name) {
    return routes.get(name);
  }
}
