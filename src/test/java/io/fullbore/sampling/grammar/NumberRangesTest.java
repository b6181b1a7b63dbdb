package io.fullbore.sampling.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Exactly the numbers between two bounds are spelt, against comparing them. */
class NumberRangesTest {
  private static final int RANGES = 300;
  private static final int NUMBERS = 300;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theNumbersBetweenTwoBoundsFit(boolean integers) {
    Random random = new Random(1);
    for (int i = 0; i < RANGES; i++) {
      NumberRanges.Bound low = random.nextInt(4) == 0 ? null : bound(random, integers);
      NumberRanges.Bound high = random.nextInt(4) == 0 ? null : bound(random, integers);
      RuleSet rules = new RuleSet();
      int root = rules.declare("root");
      rules.define(
          root,
          // The letter is a text for ranges that hold no number.
          Expr.choice(
              Expr.literal("x"),
              integers ? NumberRanges.integers(low, high) : NumberRanges.decimals(low, high, 20)));
      Grammar grammar = new Grammar(rules, root);
      for (int j = 0; j < NUMBERS; j++) {
        BigDecimal number = number(random, integers, low, high);
        assertEquals(
            isIn(number, low, high),
            Texts.accepts(grammar, number.toPlainString()),
            () -> "%s in %s to %s".formatted(number, low, high));
      }
    }
  }

  private static boolean isIn(BigDecimal number, NumberRanges.Bound low, NumberRanges.Bound high) {
    int aboveLow = low == null ? 1 : number.compareTo(low.value());
    int belowHigh = high == null ? 1 : high.value().compareTo(number);
    return (aboveLow > 0 || aboveLow == 0 && low.inclusive())
        && (belowHigh > 0 || belowHigh == 0 && high.inclusive());
  }

  private static NumberRanges.Bound bound(Random random, boolean integers) {
    return new NumberRanges.Bound(
        random(random, integers && random.nextInt(3) > 0), random.nextBoolean());
  }

  private static BigDecimal random(Random random, boolean whole) {
    int scale = whole ? 0 : random.nextInt(4);
    return BigDecimal.valueOf(
        random.nextInt(2_001) - 1_000, random.nextBoolean() ? scale : Math.min(scale, 1));
  }

  /** Often a bound itself or what is next to it; never a negative zero. */
  private static BigDecimal number(
      Random random, boolean integers, NumberRanges.Bound low, NumberRanges.Bound high) {
    NumberRanges.Bound near = random.nextBoolean() ? low : high;
    BigDecimal number =
        near == null || random.nextInt(3) == 0
            ? random(random, integers)
            : near.value().add(BigDecimal.valueOf(random.nextInt(5) - 2, random.nextInt(5)));
    return integers ? number.setScale(0, RoundingMode.HALF_UP) : number;
  }

  @Test
  void everyRangeOfCharactersIsItsUtf8() {
    Random random = new Random(2);
    int[] borders = {0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};
    for (int i = 0; i < 200; i++) {
      int a = point(random, borders);
      int b = point(random, borders);
      CodePoints points = CodePoints.range(Math.min(a, b), Math.max(a, b));
      if (points.isEmpty()) {
        continue;
      }
      RuleSet rules = new RuleSet();
      int root = rules.declare("root");
      rules.define(root, Expr.utf8(points));
      Grammar grammar = new Grammar(rules, root);
      for (int j = 0; j < 200; j++) {
        int point = random.nextInt(3) == 0 ? a + random.nextInt(5) - 2 : point(random, borders);
        boolean isScalar = point >= 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
        if (isScalar) {
          assertEquals(points.contains(point), Texts.accepts(grammar, Character.toString(point)));
        }
      }
    }
  }

  private static int point(Random random, int[] borders) {
    int point =
        random.nextBoolean()
            ? borders[random.nextInt(borders.length)] + random.nextInt(3) - 1
            : random.nextInt(0x110000);
    return Math.clamp(point, 0, 0x10ffff);
  }
}
