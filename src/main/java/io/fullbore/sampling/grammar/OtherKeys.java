package io.fullbore.sampling.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * Keys of an object's further members: any string that is none of the names already there. Written
 * without escapes, so that a name cannot come in disguise.
 */
final class OtherKeys {
  private static final int MAX_NAME_CHARS = 500;

  /** A beginning of names. */
  private static final class Prefix {
    final TreeMap<Integer, Prefix> next = new TreeMap<>(); // by character
    boolean isName;
  }

  private final RuleSet rules;

  OtherKeys(RuleSet rules) {
    this.rules = rules;
  }

  Expr of(List<String> names) {
    Prefix all = new Prefix();
    for (String name : names) {
      if (name.length() > MAX_NAME_CHARS) {
        throw new GrammarException(
            "a property's name has more than %d characters".formatted(MAX_NAME_CHARS));
      }
      Prefix prefix = all;
      for (int point : name.codePoints().toArray()) {
        prefix = prefix.next.computeIfAbsent(point, key -> new Prefix());
      }
      prefix.isName = true;
    }
    Expr quote = Expr.literal("\"");
    Expr anything = rules.add("key", Expr.sequence(Expr.any(Expr.utf8(JsonRules.RAW)), quote));
    return Expr.sequence(quote, after(all, anything));
  }

  private Expr after(Prefix prefix, Expr anything) {
    List<Expr> alternatives = new ArrayList<>();
    if (!prefix.isName) {
      alternatives.add(Expr.literal("\""));
    }
    CodePoints others = JsonRules.RAW;
    for (var next : prefix.next.entrySet()) {
      CodePoints point = CodePoints.of(next.getKey());
      if (!point.and(JsonRules.RAW).isEmpty()) {
        alternatives.add(Expr.sequence(Expr.utf8(point), after(next.getValue(), anything)));
      }
      others = others.minus(point);
    }
    alternatives.add(Expr.sequence(Expr.utf8(others), anything));
    return rules.add("key", Expr.choice(alternatives));
  }
}
