package io.fullbore.core;

/**
 * What an answer's text must be, in the words of who asked for it.
 *
 * @param source a JSON schema, a pattern, a JSON array of strings or rules, as {@code kind} says;
 *     empty for {@link Kind#JSON_OBJECT}
 */
public record Constraint(Kind kind, String source) {
  /** How the source is to be read. */
  public enum Kind {
    /** A value that fits a JSON schema. */
    JSON_SCHEMA,
    /** Any JSON object. */
    JSON_OBJECT,
    /** A text that a regular expression matches as a whole. */
    REGEX,
    /** One of several texts. */
    CHOICE,
    /** A text of the rules in GBNF. */
    GBNF
  }

  /** Any JSON object. */
  public static Constraint jsonObject() {
    return new Constraint(Kind.JSON_OBJECT, "");
  }
}
