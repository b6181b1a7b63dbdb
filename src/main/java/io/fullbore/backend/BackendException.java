package io.fullbore.backend;

import org.jspecify.annotations.Nullable;

/**
 * A step failed on the device or on the input of one of its sequences, or there is not enough
 * memory to make a backend.
 */
public final class BackendException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public BackendException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
