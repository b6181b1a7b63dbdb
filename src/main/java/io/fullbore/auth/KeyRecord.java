package io.fullbore.auth;

import io.fullbore.core.Caller;
import java.time.Instant;
import java.util.regex.Pattern;

/**
 * A key as it is kept: everything but the secret itself.
 *
 * @param id names the key where it must be named; without a dot, so that {@code Account.scope} is
 *     unique
 */
public record KeyRecord(String id, KeyDigest digest, KeySpec spec, Instant created) {
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");

  public KeyRecord {
    if (!ID.matcher(id).matches() || id.equals(Caller.ANONYMOUS.keyId())) {
      throw new IllegalArgumentException(
          "id=%s must be 1 to 64 letters, digits, '-' or '_', and not '%s'"
              .formatted(id, Caller.ANONYMOUS.keyId()));
    }
  }

  /** Who calls with this key. */
  Caller caller() {
    return new Caller(
        id,
        spec.owner(),
        spec.models(),
        spec.key(),
        spec.user(),
        spec.cache(),
        spec.mayForward(),
        spec.tags());
  }
}
