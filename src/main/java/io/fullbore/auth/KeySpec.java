package io.fullbore.auth;

import io.fullbore.core.Allowance;
import io.fullbore.core.CachePolicy;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a key is made for. Its texts and sets are bounded, since every node holds all keys.
 *
 * @param owner who gets it
 * @param models names of models that may be asked for; empty is all
 * @param key what the key may use in all
 * @param user what each end user under the key may use
 * @param mayForward whether requests may be sent to upstreams
 * @param tags labels for metrics and usage
 * @param expires from when on it is refused; null is never
 */
public record KeySpec(
    String owner,
    Set<String> models,
    Allowance key,
    Allowance user,
    CachePolicy cache,
    boolean mayForward,
    Set<String> tags,
    @Nullable Instant expires) {
  /** The longest owner, name of a model or tag. */
  public static final int MAX_CHARS = 1_000;

  /** Most models, and most tags. */
  public static final int MAX_ELEMENTS = 1_000;

  /** The largest number in an {@link Allowance}: sums of thousands still fit a long. */
  public static final long MAX_ALLOWANCE = 1_000_000_000_000_000L;

  public KeySpec {
    models = Set.copyOf(models);
    tags = Set.copyOf(tags);
    if (!isText(owner)
        || !models.stream().allMatch(KeySpec::isText)
        || !tags.stream().allMatch(KeySpec::isText)) {
      throw new IllegalArgumentException(
          "owner, models and tags must have 1 to %d characters".formatted(MAX_CHARS));
    }
    if (models.size() > MAX_ELEMENTS || tags.size() > MAX_ELEMENTS) {
      throw new IllegalArgumentException(
          "models=%d tags=%d must be at most %d"
              .formatted(models.size(), tags.size(), MAX_ELEMENTS));
    }
  }

  /** Whether it may be an owner, the name of a model or a tag. */
  public static boolean isText(String text) {
    return !text.isBlank() && text.length() <= MAX_CHARS;
  }

  /** No limits, all models and upstreams, the default cache, for ever. */
  public static KeySpec unlimited(String owner) {
    return new KeySpec(
        owner,
        Set.of(),
        Allowance.UNLIMITED,
        Allowance.UNLIMITED,
        CachePolicy.DEFAULT,
        true,
        Set.of(),
        null);
  }
}
