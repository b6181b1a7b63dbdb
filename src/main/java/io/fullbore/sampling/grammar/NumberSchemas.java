package io.fullbore.sampling.grammar;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The numbers that a schema's bounds and {@code multipleOf} let in. */
final class NumberSchemas {
  private static final int MAX_LISTED = 10_000;
  private static final int MAX_DIVISOR = 200;
  private static final int MAX_BOUND_DIGITS = 40;

  private final RuleSet rules;
  private final JsonRules json;

  NumberSchemas(RuleSet rules, JsonRules json) {
    this.rules = rules;
    this.json = json;
  }

  Expr of(ObjectNode schema, String path, boolean integer) {
    NumberRanges.Bound low = bound(schema, "minimum", "exclusiveMinimum", 1, path);
    NumberRanges.Bound high = bound(schema, "maximum", "exclusiveMaximum", -1, path);
    BigDecimal step = JsonSchemaGrammar.number(schema, "multipleOf", path);
    if (step != null && step.signum() <= 0) {
      throw new UnsupportedSchemaException("multipleOf", path, "it must be greater than 0");
    }
    if (step == null || integer && step.compareTo(BigDecimal.ONE) == 0) {
      return range(low, high, integer);
    }
    if (step.stripTrailingZeros().scale() <= 0) {
      return multiples(step.toBigInteger(), low, high, path);
    }
    BigDecimal plain = step.stripTrailingZeros();
    if (!plain.unscaledValue().equals(BigInteger.ONE) || integer) {
      throw new UnsupportedSchemaException(
          "multipleOf", path, "only integers and 0.1, 0.01 and so on are supported");
    }
    return NumberRanges.decimals(low, high, plain.scale());
  }

  private Expr range(
      NumberRanges.@Nullable Bound low, NumberRanges.@Nullable Bound high, boolean integer) {
    if (low == null && high == null) {
      return integer ? json.integer() : json.number();
    }
    return integer
        ? NumberRanges.integers(low, high)
        : NumberRanges.decimals(low, high, 2 * JsonRules.MAX_DIGITS);
  }

  private static NumberRanges.@Nullable Bound bound(
      ObjectNode schema, String inclusive, String exclusive, int sign, String path) {
    BigDecimal in = JsonSchemaGrammar.number(schema, inclusive, path);
    BigDecimal out = JsonSchemaGrammar.number(schema, exclusive, path);
    boolean takesOut = out != null && (in == null || out.compareTo(in) * sign >= 0);
    BigDecimal value = takesOut ? out : in;
    if (value == null) {
      return null;
    }
    if (value.precision() > MAX_BOUND_DIGITS
        || Math.abs((long) value.scale()) > MAX_BOUND_DIGITS / 2) {
      throw new UnsupportedSchemaException(
          takesOut ? exclusive : inclusive, path, "it has too many digits");
    }
    return new NumberRanges.Bound(value, !takesOut);
  }

  private Expr multiples(
      BigInteger step,
      NumberRanges.@Nullable Bound low,
      NumberRanges.@Nullable Bound high,
      String path) {
    if (low != null && high != null) {
      return listed(step, low, high, path);
    }
    boolean fromZero = low != null && low.value().signum() == 0;
    boolean toZero = high != null && high.value().signum() == 0;
    if (low != null && !fromZero
        || high != null && !toZero
        || step.bitLength() > 16
        || step.intValue() > MAX_DIVISOR) {
      throw new UnsupportedSchemaException(
          "multipleOf",
          path,
          "it is supported with both bounds, or up to %d with none or 0".formatted(MAX_DIVISOR));
    }
    boolean zero = (low == null || low.inclusive()) && (high == null || high.inclusive());
    Expr positive = new Multiples(step.intValue()).positive();
    List<Expr> alternatives = new ArrayList<>();
    if (zero) {
      alternatives.add(Expr.literal("0"));
    }
    if (low == null) {
      alternatives.add(Expr.sequence(Expr.literal("-"), positive));
    }
    if (high == null) {
      alternatives.add(positive);
    }
    return Expr.choice(alternatives);
  }

  private static Expr listed(
      BigInteger step, NumberRanges.Bound low, NumberRanges.Bound high, String path) {
    BigInteger from = NumberRanges.lowest(low);
    BigInteger to = NumberRanges.lowest(high.negated()).negate();
    BigInteger first = from.add(from.negate().mod(step));
    if (to.subtract(first).divide(step).bitLength() > 31
        || to.subtract(first).divide(step).intValue() > MAX_LISTED) {
      throw new UnsupportedSchemaException(
          "multipleOf", path, "it has more than %d values in its range".formatted(MAX_LISTED));
    }
    List<Expr> alternatives = new ArrayList<>();
    for (BigInteger value = first; value.compareTo(to) <= 0; value = value.add(step)) {
      alternatives.add(Expr.literal(value.toString()));
    }
    return Expr.choice(alternatives);
  }

  /** Digits of the multiples of a small number: a rule for each remainder and digits left. */
  private final class Multiples {
    private final int step;
    private Expr[] before = new Expr[0]; // [remainder], with one digit less left

    Multiples(int step) {
      this.step = step;
      for (int left = 0; left < JsonRules.MAX_DIGITS; left++) {
        Expr[] rest = new Expr[step];
        for (int remainder = 0; remainder < step; remainder++) {
          rest[remainder] = rules.add("multiple", digits(remainder, 0, left));
        }
        before = rest;
      }
    }

    Expr positive() {
      return digits(0, 1, JsonRules.MAX_DIGITS);
    }

    private Expr digits(int remainder, int least, int left) {
      List<Expr> alternatives = new ArrayList<>();
      if (remainder == 0 && least == 0) {
        alternatives.add(Expr.EMPTY);
      }
      for (int digit = least; digit <= 9 && left > 0; digit++) {
        alternatives.add(
            Expr.sequence(JsonRules.digit(digit, digit), before[(remainder * 10 + digit) % step]));
      }
      return Expr.choice(alternatives);
    }
  }
}
