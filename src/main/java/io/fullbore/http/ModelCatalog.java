package io.fullbore.http;

import io.fullbore.core.Caller;
import io.fullbore.core.Failure;
import io.fullbore.routing.Route;
import io.fullbore.routing.RoutingTable;
import io.fullbore.routing.Target;
import io.fullbore.serving.ServedModel;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The names that requests can ask for.
 *
 * @param models local models by their own names
 * @param routes all names, and who serves them
 */
record ModelCatalog(SortedMap<String, ServedModel> models, RoutingTable routes) {

  Collection<Route> all() {
    return routes.routes().values();
  }

  /** The local models that serve a name. */
  List<ServedModel> locals(String name) {
    Route route = routes.find(name);
    return route == null
        ? List.of()
        : route.locals().stream().map(Target.Local::model).map(models::get).toList();
  }

  /**
   * The local model that serves a name, or the first of several.
   *
   * @param name null for the only model there is
   * @return null where no local model serves it
   */
  @Nullable ServedModel find(@Nullable String name) {
    if (name == null) {
      return models.size() == 1 ? models.firstEntry().getValue() : null;
    }
    List<ServedModel> locals = locals(name);
    return locals.isEmpty() ? null : locals.getFirst();
  }

  /**
   * What stands against a caller's use of a name.
   *
   * @return null where somebody serves it and the caller's key may use it
   */
  @Nullable Failure refusal(Caller caller, String name) {
    if (routes.find(name) == null) {
      return new Failure.ModelNotFound(name, available(caller));
    }
    return caller.mayUse(name) ? null : forbidden(caller, name);
  }

  /**
   * The same where only a local model will do.
   *
   * @param name null for the only model there is
   * @return null where {@link #find} gives a model that the caller may use
   */
  @Nullable Failure localRefusal(Caller caller, @Nullable String name) {
    ServedModel model = find(name);
    if (model != null) {
      String asked = name == null ? model.name() : name;
      return caller.mayUse(asked) ? null : forbidden(caller, asked);
    }
    if (name == null) {
      return new Failure.InvalidRequest(
          "Missing required parameter: 'model'. Available: %s.".formatted(available(caller)),
          "model",
          "missing_required_parameter");
    }
    Failure refusal = refusal(caller, name);
    return refusal != null
        ? refusal
        : new Failure.InvalidRequest(
            "No local model serves '%s'; this is for local models alone.".formatted(name),
            "model",
            "invalid_value");
  }

  private static Failure forbidden(Caller caller, String name) {
    return new Failure.Forbidden(
        "The key '%s' may not use the model '%s'. It may use: %s."
            .formatted(caller.keyId(), name, String.join(", ", new TreeSet<>(caller.models()))));
  }

  private String available(Caller caller) {
    return routes.routes().keySet().stream()
        .filter(caller::mayUse)
        .collect(Collectors.joining(", "));
  }
}
