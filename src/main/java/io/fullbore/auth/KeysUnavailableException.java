package io.fullbore.auth;

/**
 * The home of the keys cannot be changed now. Its message says why and is fit for an administrator;
 * without a stack trace, since it is expected.
 */
public final class KeysUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  KeysUnavailableException(String message) {
    super(message, null, false, false);
  }
}
