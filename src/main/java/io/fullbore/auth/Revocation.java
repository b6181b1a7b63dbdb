package io.fullbore.auth;

/** What became of a key that was to be revoked. */
public enum Revocation {
  REVOKED,
  /** No key has this id. */
  UNKNOWN,
  /** The key stands in a file that is only read here; it is to be removed there. */
  READ_ONLY
}
