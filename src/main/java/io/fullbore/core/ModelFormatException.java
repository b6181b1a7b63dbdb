package io.fullbore.core;

/** A model file that cannot be used: truncated, corrupt, hostile or of a kind not supported. */
public final class ModelFormatException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what is wrong, where ({@code key=}, {@code tensor=}, {@code offset=}) and what
   *     would be right
   */
  public ModelFormatException(String message) {
    super(message);
  }
}
