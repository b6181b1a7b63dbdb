package io.fullbore.http;

import io.fullbore.core.Failure;
import io.fullbore.serving.ServedModel;
import java.util.Collection;
import java.util.SortedMap;
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

  Failure missing(@Nullable String name) {
    String available = String.join(", ", models.keySet());
    return name == null
        ? new Failure.InvalidRequest(
            "Missing required parameter: 'model'. Available: %s.".formatted(available),
            "model",
            "missing_required_parameter")
        : new Failure.ModelNotFound(name, available);
  }
}
