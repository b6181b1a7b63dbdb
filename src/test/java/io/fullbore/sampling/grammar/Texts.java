package io.fullbore.sampling.grammar;

import io.fullbore.core.Constraint;
import java.nio.charset.StandardCharsets;

/** Matches texts against grammars. */
final class Texts {
  private Texts() {}

  static Grammar schema(String source) {
    return Grammar.of(new Constraint(Constraint.Kind.JSON_SCHEMA, source.replace('\'', '"')));
  }

  static Grammar regex(String source) {
    return Grammar.of(new Constraint(Constraint.Kind.REGEX, source));
  }

  static Grammar gbnf(String source) {
    return Grammar.of(new Constraint(Constraint.Kind.GBNF, source));
  }

  static Grammar choice(String source) {
    return Grammar.of(new Constraint(Constraint.Kind.CHOICE, source));
  }

  static boolean accepts(Grammar grammar, String text) {
    return grammar.accepts(text.getBytes(StandardCharsets.UTF_8));
  }
}
