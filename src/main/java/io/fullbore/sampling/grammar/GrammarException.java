package io.fullbore.sampling.grammar;

/** A grammar's source is wrong, or asks for more than there is room for; says what and where. */
public class GrammarException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public GrammarException(String message) {
    super(message, null, false, false);
  }
}
