package io.fullbore.sampling.grammar;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a grammar while it is written: first declared, so that others can call them, then
 * defined. Owned by one thread.
 */
final class RuleSet {
  private static final int MAX_RULES = 60_000;

  private final List<String> names = new ArrayList<>(); // [rule]
  private final List<@Nullable Expr> rules = new ArrayList<>(); // [rule]

  /**
   * @param name for messages alone; need not be unique
   */
  int declare(String name) {
    if (names.size() == MAX_RULES) {
      throw new GrammarException(
          "the grammar is too large: more than %d rules".formatted(MAX_RULES));
    }
    names.add(name);
    rules.add(null);
    return names.size() - 1;
  }

  void define(int rule, Expr expr) {
    rules.set(rule, expr);
  }

  /** A new rule; a call of it. */
  Expr add(String name, Expr expr) {
    int rule = declare(name);
    define(rule, expr);
    return new Expr.Call(rule);
  }

  int count() {
    return names.size();
  }

  String name(int rule) {
    return names.get(rule);
  }

  Expr expr(int rule) {
    Expr expr = rules.get(rule);
    if (expr == null) {
      throw new IllegalStateException("rule=%s is not defined".formatted(names.get(rule)));
    }
    return expr;
  }
}
