package io.fullbore.upstream;

/** A request may not be sent to an upstream now. Has no stack trace: it is an expected outcome. */
final class GateClosedException extends Exception {
  private static final long serialVersionUID = 1;

  private final long retryAfterMs;

  /**
   * @param reason why, naming the upstream; safe to show to the caller
   * @param retryAfterMs when it may be worth trying again
   */
  GateClosedException(String reason, long retryAfterMs) {
    super(reason, null, false, false);
    this.retryAfterMs = retryAfterMs;
  }

  long retryAfterMs() {
    return retryAfterMs;
  }
}
