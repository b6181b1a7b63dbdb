package io.fullbore.http;

import io.fullbore.core.Caller;
import io.fullbore.core.Failure;
import io.fullbore.serving.ServedModel;
import java.util.Collection;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The models that requests can name. */
record ModelCatalog(SortedMap<String, ServedModel> models) {

  Collection<ServedModel> all() {
    return models.values();
  }

  /**
   * @param name null for the only model there is
   * @return null where there is no such model
   */
  @Nullable ServedModel find(@Nullable String name) {
    if (name == null) {
      return models.size() == 1 ? models.firstEntry().getValue() : null;
    }
    return models.get(name);
  }

  /**
   * What stands against a caller's use of a model.
   *
   * @return null where there is such a model and the caller's key may use it
   */
  @Nullable Failure refusal(Caller caller, @Nullable String name) {
    ServedModel model = find(name);
    if (model == null) {
      return missing(caller, name);
    }
    return caller.mayUse(model.name())
        ? null
        : new Failure.Forbidden(
            "The key '%s' may not use the model '%s'. It may use: %s."
                .formatted(
                    caller.keyId(),
                    model.name(),
                    String.join(", ", new TreeSet<>(caller.models()))));
  }

  private Failure missing(Caller caller, @Nullable String name) {
    String available =
        models.keySet().stream().filter(caller::mayUse).collect(Collectors.joining(", "));
    return name == null
        ? new Failure.InvalidRequest(
            "Missing required parameter: 'model'. Available: %s.".formatted(available),
            "model",
            "missing_required_parameter")
        : new Failure.ModelNotFound(name, available);
  }
}
