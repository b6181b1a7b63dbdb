package io.fullbore.sampling.grammar;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Spells the numbers between two bounds, digit by digit: as long as the digits are those of a bound
 * the next one is bounded, and once they differ it is free.
 */
final class NumberRanges {
  private static final BigInteger LARGEST = BigInteger.TEN.pow(JsonRules.MAX_DIGITS);

  /**
   * A bound of a range.
   *
   * @param inclusive whether the value itself is in the range
   */
  record Bound(BigDecimal value, boolean inclusive) {
    Bound negated() {
      return new Bound(value.negate(), inclusive);
    }

    BigInteger whole() {
      return value.setScale(0, RoundingMode.FLOOR).toBigInteger();
    }

    /** The digits after the point, without zeros at the end. */
    String fraction() {
      String digits = value.stripTrailingZeros().toPlainString();
      int point = digits.indexOf('.');
      return point < 0 ? "" : digits.substring(point + 1);
    }
  }

  private NumberRanges() {}

  /**
   * The integers of a range.
   *
   * @param low null for none
   * @param high null for none
   */
  static Expr integers(@Nullable Bound low, @Nullable Bound high) {
    BigInteger from = low == null ? null : lowest(low);
    BigInteger to = high == null ? null : lowest(high.negated()).negate();
    return integers(from, to);
  }

  /** The least integer that the bound lets in. */
  static BigInteger lowest(Bound low) {
    BigInteger least = low.value().setScale(0, RoundingMode.CEILING).toBigInteger();
    boolean isBound = new BigDecimal(least).compareTo(low.value()) == 0;
    return isBound && !low.inclusive() ? least.add(BigInteger.ONE) : least;
  }

  private static Expr integers(@Nullable BigInteger from, @Nullable BigInteger to) {
    List<Expr> alternatives = new ArrayList<>();
    if (from == null || from.signum() < 0) {
      BigInteger least = to == null || to.signum() >= 0 ? BigInteger.ONE : to.negate();
      alternatives.add(
          Expr.sequence(Expr.literal("-"), naturals(least, from == null ? null : from.negate())));
    }
    if (to == null || to.signum() >= 0) {
      alternatives.add(naturals(from == null ? BigInteger.ZERO : from.max(BigInteger.ZERO), to));
    }
    return Expr.choice(alternatives);
  }

  private static Expr naturals(BigInteger from, @Nullable BigInteger to) {
    BigInteger end = to == null ? LARGEST.max(from.multiply(BigInteger.TEN)) : to;
    List<Expr> alternatives = new ArrayList<>();
    int lengths = end.toString().length();
    for (int length = from.toString().length(); length <= lengths; length++) {
      BigInteger least = length == 1 ? BigInteger.ZERO : BigInteger.TEN.pow(length - 1);
      BigInteger low = from.max(least);
      BigInteger high = end.min(BigInteger.TEN.pow(length).subtract(BigInteger.ONE));
      if (low.compareTo(high) <= 0) {
        alternatives.add(sameLength(low.toString(), high.toString(), 0));
      }
    }
    return Expr.choice(alternatives);
  }

  /**
   * The rest of a number of as many digits as the bounds have.
   *
   * @param low null where the digits before are greater than its
   * @param high null where the digits before are less than its
   */
  private static Expr sameLength(@Nullable String low, @Nullable String high, int at) {
    int length = low != null ? low.length() : high != null ? high.length() : 0;
    if (at == length) {
      return Expr.EMPTY;
    }
    int from = low == null ? 0 : low.charAt(at) - '0';
    int to = high == null ? 9 : high.charAt(at) - '0';
    if (low != null && high != null && from == to) {
      return Expr.sequence(JsonRules.digit(from, from), sameLength(low, high, at + 1));
    }
    List<Expr> alternatives = new ArrayList<>();
    int freeFrom = from;
    int freeTo = to;
    if (low != null) {
      alternatives.add(Expr.sequence(JsonRules.digit(from, from), sameLength(low, null, at + 1)));
      freeFrom++;
    }
    if (high != null) {
      alternatives.add(Expr.sequence(JsonRules.digit(to, to), sameLength(null, high, at + 1)));
      freeTo--;
    }
    if (freeFrom <= freeTo) {
      int left = length - at - 1;
      alternatives.add(
          Expr.sequence(
              JsonRules.digit(freeFrom, freeTo),
              new Expr.Repeat(JsonRules.digit(0, 9), left, left)));
    }
    return Expr.choice(alternatives);
  }

  /**
   * The decimals of a range, without exponents.
   *
   * @param maxFraction digits after the point
   */
  static Expr decimals(@Nullable Bound low, @Nullable Bound high, int maxFraction) {
    if (low != null && high != null && low.value().compareTo(high.value()) > 0) {
      return Expr.NEVER;
    }
    Bound aboveZero = new Bound(BigDecimal.ZERO, false);
    Bound zero = new Bound(BigDecimal.ZERO, true);
    List<Expr> alternatives = new ArrayList<>();
    if (low == null || low.value().signum() < 0) {
      Bound least = high == null || high.value().signum() >= 0 ? aboveZero : high.negated();
      alternatives.add(
          Expr.sequence(
              Expr.literal("-"), positive(least, low == null ? null : low.negated(), maxFraction)));
    }
    if (high == null || high.value().signum() >= 0) {
      Bound least = low == null || low.value().signum() < 0 ? zero : low;
      alternatives.add(positive(least, high, maxFraction));
    }
    return Expr.choice(alternatives);
  }

  private static Expr positive(Bound low, @Nullable Bound high, int maxFraction) {
    BigInteger from = low.whole();
    Fraction above = new Fraction(low.fraction(), low.inclusive(), null, true, maxFraction);
    if (high == null) {
      return Expr.choice(
          above.after(from),
          Expr.sequence(
              naturals(from.add(BigInteger.ONE), null), Fraction.free(maxFraction).written()));
    }
    BigInteger to = high.whole();
    if (from.compareTo(to) > 0) {
      return Expr.NEVER;
    }
    if (from.equals(to)) {
      return new Fraction(
              low.fraction(), low.inclusive(), high.fraction(), high.inclusive(), maxFraction)
          .after(from);
    }
    return Expr.choice(
        above.after(from),
        Expr.sequence(
            naturals(from.add(BigInteger.ONE), to.subtract(BigInteger.ONE)),
            Fraction.free(maxFraction).written()),
        new Fraction(null, true, high.fraction(), high.inclusive(), maxFraction).after(to));
  }

  /**
   * The digits after the point between those of two bounds.
   *
   * @param low null for none
   * @param high null for none
   */
  private record Fraction(
      @Nullable String low,
      boolean lowInclusive,
      @Nullable String high,
      boolean highInclusive,
      int maxDigits) {
    static Fraction free(int maxDigits) {
      return new Fraction(null, true, null, true, maxDigits);
    }

    Expr after(BigInteger whole) {
      return Expr.sequence(Expr.literal(whole.toString()), written());
    }

    /** With the point, or nothing at all where that is in the range. */
    Expr written() {
      Expr digits = Expr.sequence(Expr.literal("."), more(0));
      return mayStop(0) ? Expr.optional(digits) : digits;
    }

    private boolean mayStop(int at) {
      boolean reachesLow = low == null || at >= low.length() && lowInclusive;
      return reachesLow && (high == null || at < high.length() || highInclusive);
    }

    private Expr rest(int at) {
      if (low == null && high == null) {
        return new Expr.Repeat(JsonRules.digit(0, 9), 0, Math.max(0, maxDigits - at));
      }
      return mayStop(at) ? Expr.choice(Expr.EMPTY, more(at)) : more(at);
    }

    private Expr more(int at) {
      if (at >= maxDigits) {
        return Expr.NEVER;
      }
      if (low == null && high == null) {
        return new Expr.Repeat(JsonRules.digit(0, 9), 1, maxDigits - at);
      }
      int from = low == null ? 0 : digit(low, at);
      int to = high == null ? 9 : digit(high, at);
      if (low != null && high != null && from == to) {
        return Expr.sequence(JsonRules.digit(from, from), rest(at + 1));
      }
      List<Expr> alternatives = new ArrayList<>();
      int freeFrom = from;
      int freeTo = to;
      if (low != null) {
        Fraction above = new Fraction(low, lowInclusive, null, true, maxDigits);
        alternatives.add(Expr.sequence(JsonRules.digit(from, from), above.rest(at + 1)));
        freeFrom++;
      }
      if (high != null) {
        Fraction below = new Fraction(null, true, high, highInclusive, maxDigits);
        alternatives.add(Expr.sequence(JsonRules.digit(to, to), below.rest(at + 1)));
        freeTo--;
      }
      if (freeFrom <= freeTo) {
        alternatives.add(
            Expr.sequence(JsonRules.digit(freeFrom, freeTo), free(maxDigits).rest(at + 1)));
      }
      return Expr.choice(alternatives);
    }

    private static int digit(String fraction, int at) {
      return at < fraction.length() ? fraction.charAt(at) - '0' : 0;
    }
  }
}
