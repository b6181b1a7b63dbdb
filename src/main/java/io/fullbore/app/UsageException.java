package io.fullbore.app;

/** The command line asks for something that cannot be; the message says what would be right. */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
