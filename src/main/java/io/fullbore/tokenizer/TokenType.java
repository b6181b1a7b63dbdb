package io.fullbore.tokenizer;

/** What a token of a vocabulary is for; in the order of the codes of {@code token_type}. */
public enum TokenType {
  /** No type given; never shown. */
  UNDEFINED,
  /** Ordinary text. */
  NORMAL,
  /** Stands for what the vocabulary cannot express. */
  UNKNOWN,
  /** Steers the model, such as the end of a turn; never made from a user's text. */
  CONTROL,
  /** Ordinary text that is matched as a whole before anything else, such as a run of blanks. */
  USER_DEFINED,
  /** A free place; never shown. */
  UNUSED,
  /** One byte, written {@code <0xNN>}. */
  BYTE;

  /** Whether text of this type is shown only on demand and made only from template text. */
  public boolean isSpecial() {
    return this == CONTROL || this == UNKNOWN;
  }
}
