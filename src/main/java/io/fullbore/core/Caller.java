package io.fullbore.core;

import java.util.Set;

/**
 * Who calls, as their API key says. Never holds the key itself.
 *
 * @param keyId names the key; harmless in logs and answers
 * @param owner who the key was made for
 * @param models names of models that may be asked for; empty is all
 * @param key what the key may use in all
 * @param user what each end user under the key may use
 * @param mayForward whether requests may be sent to upstreams
 * @param tags labels of the key, for metrics and usage
 */
public record Caller(
    String keyId,
    String owner,
    Set<String> models,
    Allowance key,
    Allowance user,
    CachePolicy cache,
    boolean mayForward,
    Set<String> tags) {
  /** Everybody, where no key is configured. */
  public static final Caller ANONYMOUS =
      new Caller(
          "anonymous",
          "",
          Set.of(),
          Allowance.UNLIMITED,
          Allowance.UNLIMITED,
          CachePolicy.DEFAULT,
          true,
          Set.of());

  public Caller {
    models = Set.copyOf(models);
    tags = Set.copyOf(tags);
  }

  public boolean mayUse(String model) {
    return models.isEmpty() || models.contains(model);
  }
}
