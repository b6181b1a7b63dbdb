package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Values.Callable;
import io.fullbore.chat.jinja.Values.None;
import io.fullbore.chat.jinja.Values.Undefined;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;

/** Jinja's tests, the words behind {@code is}. */
final class Tests {
  private final Operators operators;
  private final TextMethods texts;
  private final Printer printer;

  Tests(Operators operators, TextMethods texts, Printer printer) {
    this.operators = operators;
    this.texts = texts;
    this.printer = printer;
  }

  boolean test(String name, Object value, Arguments arguments) {
    return switch (name) {
      case "defined" -> !(value instanceof Undefined);
      case "undefined" -> value instanceof Undefined;
      case "none" -> value instanceof None;
      case "boolean" -> value instanceof Boolean;
      case "true" -> value.equals(true);
      case "false" -> value.equals(false);
      case "integer" -> value instanceof Long || value instanceof BigInteger;
      case "float" -> value instanceof Double;
      case "number" -> Operators.isNumber(value) || value instanceof BigInteger;
      case "string" -> value instanceof Text;
      case "mapping" -> value instanceof Map;
      case "sequence" ->
          value instanceof Text
              || value instanceof List
              || value instanceof Map
              || value instanceof Undefined;
      case "iterable" -> Operators.isIterable(value);
      case "callable" -> value instanceof Callable;
      case "escaped" -> false;
      case "odd" -> Math.floorMod(Operators.toLong(value), 2L) == 1;
      case "even" -> Math.floorMod(Operators.toLong(value), 2L) == 0;
      case "divisibleby" -> remainder(value, argument(name, arguments)) == 0;
      case "lower" -> casing(value, "islower");
      case "upper" -> casing(value, "isupper");
      case "sameas" -> same(value, argument(name, arguments));
      case "filter" -> Filters.NAMES.contains(printer.str(value).chars());
      default -> comparison(name, value, argument(name, arguments));
    };
  }

  private boolean comparison(String name, Object value, Object other) {
    String operator =
        switch (name) {
          case "eq", "equalto", "==" -> "==";
          case "ne", "!=" -> "!=";
          case "lt", "lessthan", "<" -> "<";
          case "le", "<=" -> "<=";
          case "gt", "greaterthan", ">" -> ">";
          case "ge", ">=" -> ">=";
          case "in" -> "in";
          default -> throw JinjaException.failed("no test named '%s'".formatted(name));
        };
    return operators.compare(operator, value, other);
  }

  private static Object argument(String name, Arguments arguments) {
    Object argument = arguments.bind(name, "other")[0];
    if (argument == null) {
      throw JinjaException.failed("no test named '%s' without an argument".formatted(name));
    }
    return argument;
  }

  private static long remainder(Object value, Object divisor) {
    long by = Operators.toLong(divisor);
    if (by == 0) {
      throw JinjaException.failed("division by zero");
    }
    return Operators.toLong(value) % by;
  }

  private boolean casing(Object value, String method) {
    Callable predicate = texts.method(printer.str(value), method);
    return predicate != null && Operators.truth(predicate.call(Arguments.NONE));
  }

  private boolean same(Object value, Object other) {
    return value == other
        || (value instanceof Boolean && value.equals(other))
        || (value instanceof Long && value.equals(other));
  }
}
