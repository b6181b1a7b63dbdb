package io.fullbore.auth;

import io.fullbore.core.Allowance;
import io.fullbore.core.CachePolicy;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a key is made for.
 *
 * @param owner who gets it; not blank
 * @param models names of models that may be asked for; empty is all
 * @param key what the key may use in all
 * @param user what each end user under the key may use
 * @param tags labels for metrics and usage
 * @param expires from when on it is refused; null is never
 */
public record KeySpec(
    String owner,
    Set<String> models,
    Allowance key,
    Allowance user,
    CachePolicy cache,
    Set<String> tags,
    @Nullable Instant expires) {
  public KeySpec {
    if (owner.isBlank()) {
      throw new IllegalArgumentException("owner must not be blank");
    }
    models = Set.copyOf(models);
    tags = Set.copyOf(tags);
  }

  /** No limits, all models, the default cache, for ever. */
  public static KeySpec unlimited(String owner) {
    return new KeySpec(
        owner,
        Set.of(),
        Allowance.UNLIMITED,
        Allowance.UNLIMITED,
        CachePolicy.DEFAULT,
        Set.of(),
        null);
  }
}
