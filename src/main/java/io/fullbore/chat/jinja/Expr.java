package io.fullbore.chat.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An expression, as parsed. Immutable, shared by all renderings. */
sealed interface Expr {
  record Constant(Object value) implements Expr {}

  record Name(String name) implements Expr {}

  record ListLiteral(List<Expr> items) implements Expr {}

  record TupleLiteral(List<Expr> items) implements Expr {}

  record DictLiteral(List<Pair> pairs) implements Expr {}

  /** {@code object.name}: the object's method of that name, or else its item. */
  record Attribute(Expr object, Text name) implements Expr {}

  /** {@code object[key]}: the object's item, or else its method of that name. */
  record Item(Expr object, Expr key) implements Expr {}

  record Slice(Expr object, @Nullable Expr start, @Nullable Expr stop, @Nullable Expr step)
      implements Expr {}

  record Call(Expr function, ArgumentList arguments) implements Expr {}

  record Filter(Expr operand, FilterCall filter) implements Expr {}

  record Test(Expr operand, String name, ArgumentList arguments) implements Expr {}

  record Negate(Expr operand) implements Expr {}

  record Plus(Expr operand) implements Expr {}

  record Not(Expr operand) implements Expr {}

  record And(Expr left, Expr right) implements Expr {}

  record Or(Expr left, Expr right) implements Expr {}

  record Binary(String operator, Expr left, Expr right) implements Expr {}

  /** {@code a < b <= c}: true if every neighbouring pair compares. */
  record Compare(Expr first, List<Comparison> rest) implements Expr {}

  /** {@code a ~ b ~ c}. */
  record Concat(List<Expr> parts) implements Expr {}

  record Conditional(Expr condition, Expr then, @Nullable Expr otherwise) implements Expr {}

  record Pair(Expr key, Expr value) {}

  record Comparison(String operator, Expr right) {}

  record Keyword(String name, Expr value) {}

  record FilterCall(String name, ArgumentList arguments) {}

  /**
   * Arguments of a call.
   *
   * @param star a list of further positional ones
   * @param doubleStar a map of further keyword ones
   */
  record ArgumentList(
      List<Expr> positional,
      List<Keyword> keyword,
      @Nullable Expr star,
      @Nullable Expr doubleStar) {
    static final ArgumentList NONE = new ArgumentList(List.of(), List.of(), null, null);
  }
}
