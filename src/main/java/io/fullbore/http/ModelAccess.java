package io.fullbore.http;

import io.fullbore.core.Caller;
import io.fullbore.core.Failure;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Says whether a caller's key may use a model; asked by every endpoint that takes a model. */
final class ModelAccess {
  private ModelAccess() {}

  /** Null where the caller may use it. */
  static @Nullable Failure refusal(Caller caller, String model) {
    return caller.mayUse(model)
        ? null
        : new Failure.Forbidden(
            "The key '%s' may not use the model '%s'. It may use: %s."
                .formatted(
                    caller.keyId(), model, String.join(", ", new TreeSet<>(caller.models()))));
  }
}
