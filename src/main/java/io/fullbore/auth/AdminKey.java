package io.fullbore.auth;

import org.jspecify.annotations.Nullable;

/** The secret that opens {@code /admin}; of it only the digest is kept. Immutable. */
public final class AdminKey {
  private final @Nullable KeyDigest digest;

  /**
   * @param secret null or blank where there is none, and nothing matches
   */
  public AdminKey(@Nullable String secret) {
    digest = secret == null || secret.isBlank() ? null : KeyDigest.of(secret);
  }

  public boolean configured() {
    return digest != null;
  }

  /** Compares in constant time. */
  public boolean matches(String presented) {
    return digest != null && digest.equals(KeyDigest.of(presented));
  }
}
