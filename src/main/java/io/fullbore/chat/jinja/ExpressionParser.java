package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Expr.ArgumentList;
import io.fullbore.chat.jinja.Expr.FilterCall;
import io.fullbore.chat.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Recursive descent over Jinja's expression grammar, with its precedences. */
final class ExpressionParser {
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
  private static final Set<String> NO_TEST_ARGUMENT = Set.of("else", "or", "and");

  private final TokenStream tokens;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
  }

  Expr expression() {
    tokens.enter();
    Expr value = or();
    while (tokens.takeName("if")) {
      Expr condition = or();
      Expr otherwise = tokens.takeName("else") ? expression() : null;
      value = new Expr.Conditional(condition, value, otherwise);
    }
    tokens.leave();
    return value;
  }

  /** An expression, or several with commas between as a tuple. */
  Expr tuple() {
    return tuple(this::expression, false);
  }

  /** As {@link #tuple}, but an {@code if} that follows belongs to the statement. */
  Expr tupleWithoutCondition() {
    return tuple(this::or, false);
  }

  private Expr tuple(Supplier<Expr> element, boolean mayBeEmpty) {
    if (mayBeEmpty && atTupleEnd()) {
      return new Expr.TupleLiteral(List.of());
    }
    Expr first = element.get();
    if (!tokens.atOperator(",")) {
      return first;
    }
    List<Expr> items = new ArrayList<>(List.of(first));
    while (tokens.takeOperator(",") && !atTupleEnd()) {
      items.add(element.get());
    }
    return new Expr.TupleLiteral(items);
  }

  private boolean atTupleEnd() {
    return tokens.at(Kind.VARIABLE_END) || tokens.at(Kind.BLOCK_END) || tokens.atOperator(")");
  }

  private Expr or() {
    Expr left = and();
    while (tokens.takeName("or")) {
      left = new Expr.Or(left, and());
    }
    return left;
  }

  private Expr and() {
    Expr left = not();
    while (tokens.takeName("and")) {
      left = new Expr.And(left, not());
    }
    return left;
  }

  private Expr not() {
    if (!tokens.takeName("not")) {
      return compare();
    }
    tokens.enter();
    Expr operand = not();
    tokens.leave();
    return new Expr.Not(operand);
  }

  private Expr compare() {
    Expr first = sum();
    List<Expr.Comparison> rest = new ArrayList<>();
    while (true) {
      Token token = tokens.peek();
      if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
        tokens.take();
        rest.add(new Expr.Comparison(token.text(), sum()));
      } else if (tokens.takeName("in")) {
        rest.add(new Expr.Comparison("in", sum()));
      } else if (token.isName("not") && tokens.peekSecond().isName("in")) {
        tokens.take();
        tokens.take();
        rest.add(new Expr.Comparison("not in", sum()));
      } else {
        return rest.isEmpty() ? first : new Expr.Compare(first, rest);
      }
    }
  }

  private Expr sum() {
    return binary(this::concat, "+", "-");
  }

  private Expr concat() {
    Expr first = product();
    if (!tokens.atOperator("~")) {
      return first;
    }
    List<Expr> parts = new ArrayList<>(List.of(first));
    while (tokens.takeOperator("~")) {
      parts.add(product());
    }
    return new Expr.Concat(parts);
  }

  private Expr product() {
    return binary(this::power, "*", "/", "//", "%");
  }

  private Expr power() {
    return binary(() -> unary(true), "**");
  }

  private Expr binary(Supplier<Expr> operand, String... operators) {
    Expr left = operand.get();
    while (tokens.at(Kind.OPERATOR) && List.of(operators).contains(tokens.peek().text())) {
      String operator = tokens.take().text();
      left = new Expr.Binary(operator, left, operand.get());
    }
    return left;
  }

  private Expr unary(boolean withFilters) {
    tokens.enter();
    Expr value;
    if (tokens.takeOperator("-")) {
      value = new Expr.Negate(unary(false));
    } else if (tokens.takeOperator("+")) {
      value = new Expr.Plus(unary(false));
    } else {
      value = primary();
    }
    value = postfix(value);
    if (withFilters) {
      value = filtersAndTests(value);
    }
    tokens.leave();
    return value;
  }

  private Expr primary() {
    Token token = tokens.take();
    return switch (token.kind()) {
      case NAME ->
          switch (token.text()) {
            case "true", "True" -> new Expr.Constant(true);
            case "false", "False" -> new Expr.Constant(false);
            case "none", "None" -> new Expr.Constant(Values.None.NONE);
            default -> new Expr.Name(token.text());
          };
      case STRING -> {
        var text = new StringBuilder(token.text());
        while (tokens.at(Kind.STRING)) {
          text.append(tokens.take().text());
        }
        yield new Expr.Constant(Text.ofTemplate(text.toString()));
      }
      case INTEGER -> new Expr.Constant(integer(token));
      case FLOAT -> new Expr.Constant(Double.valueOf(token.text()));
      case OPERATOR ->
          switch (token.text()) {
            case "(" -> {
              Expr inner = tuple(this::expression, true);
              tokens.expectOperator(")");
              yield inner;
            }
            case "[" -> new Expr.ListLiteral(items("]", this::expression));
            case "{" -> new Expr.DictLiteral(items("}", this::pair));
            default -> throw unexpected(token);
          };
      default -> throw unexpected(token);
    };
  }

  private static JinjaException unexpected(Token token) {
    return JinjaException.syntax("unexpected " + token.describe(), token.line());
  }

  private static Long integer(Token token) {
    try {
      return Long.valueOf(token.text());
    } catch (NumberFormatException e) {
      throw JinjaException.syntax(
          "the number %s is too large".formatted(token.text()), token.line());
    }
  }

  private Expr.Pair pair() {
    Expr key = expression();
    tokens.expectOperator(":");
    return new Expr.Pair(key, expression());
  }

  /** Elements up to the closing bracket, with commas between; a last comma may follow. */
  private <T> List<T> items(String close, Supplier<T> element) {
    List<T> items = new ArrayList<>();
    while (!tokens.takeOperator(close)) {
      if (!items.isEmpty()) {
        tokens.expectOperator(",");
        if (tokens.takeOperator(close)) {
          break;
        }
      }
      items.add(element.get());
    }
    return items;
  }

  private Expr postfix(Expr operand) {
    Expr value = operand;
    while (true) {
      if (tokens.takeOperator(".")) {
        value = attribute(value);
      } else if (tokens.takeOperator("[")) {
        value = subscript(value);
      } else if (tokens.atOperator("(")) {
        value = new Expr.Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  private Expr attribute(Expr object) {
    if (tokens.at(Kind.INTEGER)) {
      return new Expr.Item(object, new Expr.Constant(integer(tokens.take())));
    }
    return new Expr.Attribute(object, Text.ofTemplate(tokens.expectName()));
  }

  private Expr subscript(Expr object) {
    Expr start = tokens.atOperator(":") ? null : expression();
    if (start != null && tokens.takeOperator("]")) {
      return new Expr.Item(object, start);
    }
    tokens.expectOperator(":");
    Expr stop = sliceBound();
    Expr step = tokens.takeOperator(":") ? sliceBound() : null;
    tokens.expectOperator("]");
    return new Expr.Slice(object, start, stop, step);
  }

  private @Nullable Expr sliceBound() {
    return tokens.atOperator(":") || tokens.atOperator("]") ? null : expression();
  }

  private Expr filtersAndTests(Expr operand) {
    Expr value = operand;
    while (true) {
      if (tokens.takeOperator("|")) {
        value = new Expr.Filter(value, filter());
      } else if (tokens.takeName("is")) {
        value = test(value);
      } else if (tokens.atOperator("(")) {
        value = new Expr.Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  /** Filters one after the other, as they stand behind {@code {% filter} or {@code {% set x |}. */
  List<FilterCall> filterChain() {
    List<FilterCall> filters = new ArrayList<>(List.of(filter()));
    while (tokens.takeOperator("|")) {
      filters.add(filter());
    }
    return filters;
  }

  private FilterCall filter() {
    String name = tokens.expectName();
    return new FilterCall(name, tokens.atOperator("(") ? arguments() : ArgumentList.NONE);
  }

  private Expr test(Expr operand) {
    boolean negated = tokens.takeName("not");
    String name = tokens.expectName();
    ArgumentList arguments = ArgumentList.NONE;
    if (tokens.atOperator("(")) {
      arguments = arguments();
    } else if (startsTestArgument(tokens.peek())) {
      Expr argument = postfix(primary());
      arguments = new ArgumentList(List.of(argument), List.of(), null, null);
    }
    Expr test = new Expr.Test(operand, name, arguments);
    return negated ? new Expr.Not(test) : test;
  }

  private boolean startsTestArgument(Token token) {
    return switch (token.kind()) {
      case STRING, INTEGER, FLOAT -> true;
      case OPERATOR -> token.isOperator("[") || token.isOperator("{");
      case NAME -> {
        if (token.isName("is")) {
          throw tokens.error("tests cannot be chained with 'is'");
        }
        yield !NO_TEST_ARGUMENT.contains(token.text());
      }
      default -> false;
    };
  }

  private ArgumentList arguments() {
    tokens.expectOperator("(");
    List<Expr> positional = new ArrayList<>();
    List<Expr.Keyword> keyword = new ArrayList<>();
    Expr star = null;
    Expr doubleStar = null;
    boolean first = true;
    while (!tokens.takeOperator(")")) {
      if (!first) {
        tokens.expectOperator(",");
        if (tokens.takeOperator(")")) {
          break;
        }
      }
      first = false;
      if (star == null && doubleStar == null && tokens.takeOperator("*")) {
        star = expression();
      } else if (doubleStar == null && tokens.takeOperator("**")) {
        doubleStar = expression();
      } else if (tokens.at(Kind.NAME) && tokens.peekSecond().isOperator("=")) {
        String name = tokens.take().text();
        tokens.take();
        keyword.add(new Expr.Keyword(name, expression()));
      } else if (keyword.isEmpty() && star == null && doubleStar == null) {
        positional.add(expression());
      } else {
        throw tokens.error("a positional argument behind a keyword argument");
      }
    }
    return new ArgumentList(positional, keyword, star, doubleStar);
  }
}
