package io.fullbore.redis;

/** Redis cannot be asked now. Expected, and frequent while it lasts: without a stack trace. */
public final class RedisDownException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RedisDownException(String message) {
    super(message, null, false, false);
  }
}
