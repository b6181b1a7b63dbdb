package io.fullbore.redis;

/** Redis cannot be asked now. Expected, and frequent while it lasts: without a stack trace. */
public final class RedisDownException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean certainlyNotRun;

  RedisDownException(String message, boolean certainlyNotRun) {
    super(message, null, false, false);
    this.certainlyNotRun = certainlyNotRun;
  }

  /** Whether Redis has not run the command: it was not sent, or was refused. */
  public boolean certainlyNotRun() {
    return certainlyNotRun;
  }
}
