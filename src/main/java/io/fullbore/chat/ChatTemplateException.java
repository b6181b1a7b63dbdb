package io.fullbore.chat;

/** A conversation that could not be rendered. */
public final class ChatTemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Whose fault it is. */
  public enum Kind {
    /** The template refuses this conversation: the caller's fault, and the message is for them. */
    REFUSED,
    /** The template cannot be parsed or does what is not allowed: the model file's fault. */
    INVALID,
    /** An operation of the template failed on this conversation. */
    FAILED,
    /** The rendering ran into its bounds on time, work, memory, depth or output. */
    LIMIT
  }

  private final Kind kind;

  ChatTemplateException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
