package io.fullbore.auth;

/**
 * A new key, the only time that its secret is seen.
 *
 * @param secret what the caller will present
 */
public record IssuedKey(String secret, KeyRecord record) {
  /** Names the key without its secret. */
  @Override
  public String toString() {
    return "IssuedKey[id=%s]".formatted(record.id());
  }
}
