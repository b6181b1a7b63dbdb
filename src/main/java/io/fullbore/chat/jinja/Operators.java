package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Values.Generator;
import io.fullbore.chat.jinja.Values.None;
import io.fullbore.chat.jinja.Values.Range;
import io.fullbore.chat.jinja.Values.Tuple;
import io.fullbore.chat.jinja.Values.Undefined;
import io.fullbore.chat.jinja.Values.View;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Python's operators: truth, equality, order, membership, arithmetic and iteration. */
final class Operators {
  private final Budget budget;
  private final Printer printer;

  Operators(Budget budget, Printer printer) {
    this.budget = budget;
    this.printer = printer;
  }

  static boolean truth(Object value) {
    return switch (value) {
      case Boolean flag -> flag;
      case None _, Undefined _ -> false;
      case Text text -> !text.isEmpty();
      case Long number -> number != 0;
      case Double number -> number != 0;
      case List<?> list -> !list.isEmpty();
      case Map<?, ?> map -> !map.isEmpty();
      case View view -> !view.items().isEmpty();
      default -> true;
    };
  }

  /** Elements of a value in a {@code for} loop or filter. */
  List<Object> iterate(Object value) {
    return switch (value) {
      case Text text -> characters(text);
      case Undefined _ -> List.of();
      case List<?> list -> Collections.unmodifiableList(list);
      case Map<?, ?> map -> {
        budget.elements(map.size());
        yield new ArrayList<>(map.keySet());
      }
      case View view -> view.items();
      case Generator generator -> generator.drain();
      default ->
          throw JinjaException.failed(
              "'%s' object is not iterable".formatted(Values.typeName(value)));
    };
  }

  static boolean isIterable(Object value) {
    return switch (value) {
      case Text _, Undefined _, List<?> _, Map<?, ?> _, View _, Generator _ -> true;
      default -> false;
    };
  }

  private List<Object> characters(Text text) {
    budget.elements(text.length() * 8L);
    List<Object> characters = new ArrayList<>(text.length());
    int i = 0;
    while (i < text.length()) {
      int end = text.chars().offsetByCodePoints(i, 1);
      characters.add(text.substring(i, end));
      i = end;
    }
    return characters;
  }

  long length(Object value) {
    return switch (value) {
      case Text text -> {
        budget.scan(text.length());
        yield text.chars().codePointCount(0, text.length());
      }
      case Undefined _ -> 0;
      case List<?> list -> list.size();
      case Map<?, ?> map -> map.size();
      case View view -> view.items().size();
      default ->
          throw JinjaException.failed(
              "object of type '%s' has no len()".formatted(Values.typeName(value)));
    };
  }

  boolean equal(Object left, Object right) {
    budget.step();
    if (isNumber(left) && isNumber(right)) {
      return compareNumbers(left, right) == 0;
    }
    return switch (left) {
      case Text text -> {
        budget.scan(text.length());
        yield text.equals(right);
      }
      case Undefined _ -> right instanceof Undefined;
      case List<?> list ->
          right instanceof List<?> other
              && list instanceof Tuple == other instanceof Tuple
              && list instanceof Range == other instanceof Range
              && equalLists(list, other);
      case Map<?, ?> map -> right instanceof Map<?, ?> other && equalMaps(map, other);
      default -> left.equals(right);
    };
  }

  private boolean equalLists(List<?> left, List<?> right) {
    if (left.size() != right.size()) {
      return false;
    }
    budget.enter();
    boolean same = true;
    for (int i = 0; i < left.size() && same; i++) {
      same = equal(left.get(i), right.get(i));
    }
    budget.leave();
    return same;
  }

  private boolean equalMaps(Map<?, ?> left, Map<?, ?> right) {
    if (left.size() != right.size()) {
      return false;
    }
    budget.enter();
    boolean same = true;
    for (var entry : left.entrySet()) {
      Object other = right.get(entry.getKey());
      same = same && other != null && equal(entry.getValue(), other);
    }
    budget.leave();
    return same;
  }

  boolean compare(String operator, Object left, Object right) {
    return switch (operator) {
      case "==" -> equal(left, right);
      case "!=" -> !equal(left, right);
      case "in" -> contains(right, left);
      case "not in" -> !contains(right, left);
      case "<" -> order(operator, left, right) < 0;
      case "<=" -> order(operator, left, right) <= 0;
      case ">" -> order(operator, left, right) > 0;
      default -> order(operator, left, right) >= 0;
    };
  }

  /** Negative, zero or positive, as {@code left} stands before, at or behind {@code right}. */
  int order(String operator, Object left, Object right) {
    budget.step();
    if (isNumber(left) && isNumber(right)) {
      return compareNumbers(left, right);
    }
    if (left instanceof Text a && right instanceof Text b) {
      budget.scan(Math.min(a.length(), b.length()));
      return compareTexts(a, b);
    }
    if (left instanceof List<?> a && right instanceof List<?> b) {
      return orderLists(operator, a, b);
    }
    requireDefined(left, right);
    throw JinjaException.failed(
        "'%s' not supported between instances of '%s' and '%s'"
            .formatted(operator, Values.typeName(left), Values.typeName(right)));
  }

  /** Exact, so that sorting never meets a contradiction; NaN equals itself and comes last. */
  private static int compareNumbers(Object left, Object right) {
    if (!(left instanceof Double) && !(right instanceof Double)) {
      return Long.compare(toLong(left), toLong(right));
    }
    double a = toDouble(left);
    double b = toDouble(right);
    if (!Double.isFinite(a) || !Double.isFinite(b)) {
      return Double.compare(a, b);
    }
    return exact(left).compareTo(exact(right));
  }

  private static BigDecimal exact(Object number) {
    return number instanceof Double d ? new BigDecimal(d) : BigDecimal.valueOf(toLong(number));
  }

  private int orderLists(String operator, List<?> left, List<?> right) {
    budget.enter();
    int order = 0;
    for (int i = 0; order == 0 && i < Math.min(left.size(), right.size()); i++) {
      if (!equal(left.get(i), right.get(i))) {
        order = order(operator, left.get(i), right.get(i));
      }
    }
    budget.leave();
    return order != 0 ? order : Integer.compare(left.size(), right.size());
  }

  /** By code points, as Python compares. */
  static int compareTexts(Text left, Text right) {
    String a = left.chars();
    String b = right.chars();
    int i = 0;
    while (i < a.length() && i < b.length() && a.charAt(i) == b.charAt(i)) {
      i++;
    }
    if (i == a.length() || i == b.length()) {
      return Integer.compare(a.length(), b.length());
    }
    return Integer.compare(codePointAround(a, i), codePointAround(b, i));
  }

  private static int codePointAround(String text, int index) {
    boolean inside =
        index > 0
            && Character.isLowSurrogate(text.charAt(index))
            && Character.isHighSurrogate(text.charAt(index - 1));
    return text.codePointAt(inside ? index - 1 : index);
  }

  boolean contains(Object container, Object element) {
    return switch (container) {
      case Text text -> {
        if (!(element instanceof Text part)) {
          throw JinjaException.failed(
              "'in <string>' requires string as left operand, not " + Values.typeName(element));
        }
        budget.search(text.length(), part.length());
        yield text.chars().contains(part.chars());
      }
      case Map<?, ?> map -> map.containsKey(hashable(element));
      case Undefined _, List<?> _, View _, Generator _ -> {
        boolean found = false;
        for (Object item : iterate(container)) {
          found = found || equal(item, element);
        }
        yield found;
      }
      default ->
          throw JinjaException.failed(
              "argument of type '%s' is not iterable".formatted(Values.typeName(container)));
    };
  }

  static Object hashable(Object key) {
    if (key instanceof Map || (key instanceof List && !(key instanceof Tuple))) {
      throw JinjaException.failed("unhashable type: '%s'".formatted(Values.typeName(key)));
    }
    return key;
  }

  Object binary(String operator, Object left, Object right) {
    if (operator.equals("%") && left instanceof Text format) {
      return Formats.percent(format, right, budget, printer);
    }
    if (isNumber(left) && isNumber(right)) {
      return arithmetic(operator, left, right);
    }
    if (operator.equals("+")) {
      if (left instanceof Text a && right instanceof Text b) {
        return a.plus(b, budget);
      }
      if (left instanceof List<?> a
          && right instanceof List<?> b
          && left instanceof Tuple == right instanceof Tuple) {
        return concat(a, b);
      }
    }
    if (operator.equals("*")) {
      if (right instanceof Long count && (left instanceof Text || left instanceof List)) {
        return repeat(left, count);
      }
      if (left instanceof Long count && (right instanceof Text || right instanceof List)) {
        return repeat(right, count);
      }
    }
    requireDefined(left, right);
    throw JinjaException.failed(
        "unsupported operand type(s) for %s: '%s' and '%s'"
            .formatted(operator, Values.typeName(left), Values.typeName(right)));
  }

  private static void requireDefined(Object... values) {
    for (Object value : values) {
      if (value instanceof Undefined undefined) {
        throw undefined.error();
      }
    }
  }

  private List<Object> concat(List<?> left, List<?> right) {
    budget.elements((long) left.size() + right.size());
    List<Object> joined = new ArrayList<>(left.size() + right.size());
    joined.addAll(left);
    joined.addAll(right);
    return left instanceof Tuple ? new Tuple(joined) : joined;
  }

  private Object repeat(Object value, long count) {
    long times = Math.max(0, Math.min(count, Integer.MAX_VALUE));
    if (value instanceof Text text) {
      budget.text(text.length() * times);
      var out = new Text.Builder(budget);
      for (long i = 0; i < times && !text.isEmpty(); i++) {
        out.append(text);
      }
      return out.build();
    }
    List<?> list = (List<?>) value;
    budget.elements(list.size() * times);
    List<Object> repeated = new ArrayList<>();
    for (long i = 0; i < times && !list.isEmpty(); i++) {
      repeated.addAll(list);
    }
    return value instanceof Tuple ? new Tuple(repeated) : repeated;
  }

  private static Object arithmetic(String operator, Object left, Object right) {
    try {
      if (left instanceof Double || right instanceof Double || operator.equals("/")) {
        return arithmetic(operator, toDouble(left), toDouble(right));
      }
      return arithmetic(operator, toLong(left), toLong(right));
    } catch (ArithmeticException e) {
      throw JinjaException.failed("%s: %s".formatted(operator, e.getMessage()));
    }
  }

  private static Object arithmetic(String operator, long a, long b) {
    return switch (operator) {
      case "+" -> Math.addExact(a, b);
      case "-" -> Math.subtractExact(a, b);
      case "*" -> Math.multiplyExact(a, b);
      case "//" -> Math.floorDiv(a, b);
      case "%" -> Math.floorMod(a, b);
      default -> b < 0 ? (Object) Math.pow(a, b) : (Object) power(a, b);
    };
  }

  private static long power(long base, long exponent) {
    long result = 1;
    if (base == 0 || base == 1) {
      return exponent == 0 ? 1 : base;
    }
    if (base == -1) {
      return exponent % 2 == 0 ? 1 : -1;
    }
    for (long i = 0; i < exponent; i++) {
      result = Math.multiplyExact(result, base);
    }
    return result;
  }

  private static Object arithmetic(String operator, double a, double b) {
    if (b == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
      throw new ArithmeticException("division by zero");
    }
    return switch (operator) {
      case "+" -> a + b;
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      case "//" -> Math.floor(a / b);
      case "%" -> a - b * Math.floor(a / b);
      default -> Math.pow(a, b);
    };
  }

  Object negate(Object value) {
    return switch (value) {
      case Double number -> -number;
      case Long _, Boolean _ -> arithmetic("-", 0L, value);
      default -> {
        requireDefined(value);
        throw JinjaException.failed(
            "bad operand type for unary -: '%s'".formatted(Values.typeName(value)));
      }
    };
  }

  static boolean isNumber(Object value) {
    return value instanceof Long || value instanceof Double || value instanceof Boolean;
  }

  static long toLong(Object value) {
    return switch (value) {
      case Long number -> number;
      case Boolean flag -> flag ? 1 : 0;
      default ->
          throw JinjaException.failed(
              "an integer is needed, not '%s'".formatted(Values.typeName(value)));
    };
  }

  static double toDouble(Object value) {
    return value instanceof Double number ? number : toLong(value);
  }
}
