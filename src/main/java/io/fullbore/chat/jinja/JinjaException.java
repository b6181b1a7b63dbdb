package io.fullbore.chat.jinja;

/** A template that cannot be parsed, or whose rendering ended early. */
public final class JinjaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Why there is no text. */
  public enum Kind {
    /** The source is no valid template, or uses a tag that is not offered here. */
    SYNTAX,
    /** The template itself called {@code raise_exception}. */
    REFUSED,
    /** An operation failed on the values given, as Python would raise an error. */
    FAILED,
    /** A bound on time, work, memory, depth or output was reached. */
    LIMIT
  }

  private final Kind kind;
  private final int line;

  JinjaException(Kind kind, String message, int line) {
    super(message);
    this.kind = kind;
    this.line = line;
  }

  static JinjaException syntax(String message, int line) {
    return new JinjaException(Kind.SYNTAX, message, line);
  }

  static JinjaException failed(String message) {
    return new JinjaException(Kind.FAILED, message, 0);
  }

  static JinjaException limit(String message) {
    return new JinjaException(Kind.LIMIT, message, 0);
  }

  /** The same with the line where it happened, unless it knows one already. */
  JinjaException at(int where) {
    if (line > 0) {
      return this;
    }
    var located = new JinjaException(kind, getMessage(), where);
    located.setStackTrace(getStackTrace());
    return located;
  }

  public Kind kind() {
    return kind;
  }

  /** Line of the template, from 1; 0 when unknown. */
  public int line() {
    return line;
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
