package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MinuteRateTest {
  private static final long MS_NANOS = 1_000_000;
  private static final long MINUTE_NANOS = 60_000 * MS_NANOS;

  @Test
  void noLimitIsNoWait() {
    var rate = new MinuteRate(0);
    assertEquals(0, rate.take(Long.MAX_VALUE, 0));
    rate.correct(0, Long.MAX_VALUE, 0);
    assertEquals(0, rate.waitMs(Long.MAX_VALUE, 0));
  }

  @Test
  void aMinutesUnitsMayBeUsedAtOnceAndComeBackEvenly() {
    var rate = new MinuteRate(7);
    for (int i = 0; i < 7; i++) {
      assertEquals(0, rate.waitMs(1, 0));
      rate.take(1, 0);
    }
    assertEquals(8_572, rate.waitMs(1, 0));
    assertEquals(1, rate.waitMs(1, 8_571 * MS_NANOS));
    assertEquals(0, rate.waitMs(1, 8_572 * MS_NANOS));
    assertEquals(60_000 - 8_572, rate.waitMs(7, 8_572 * MS_NANOS));
  }

  @Test
  void neverGivesMoreThanTheRateOverLongTimes() {
    var rate = new MinuteRate(10_007);
    long taken = 0;
    for (long ms = 0; ms < 3_000; ms++) {
      while (rate.waitMs(1, ms * MS_NANOS) == 0) {
        taken += rate.take(1, ms * MS_NANOS);
      }
    }
    assertEquals(10_007 + 10_007 * 2_999L / 60_000, taken);
  }

  @Test
  void unusedUnitsComeBack() {
    var rate = new MinuteRate(100);
    long taken = rate.take(90, 0);
    assertTrue(rate.waitMs(20, 0) > 0);
    rate.correct(taken, 30, 0);
    assertEquals(0, rate.waitMs(70, 0));
    assertTrue(rate.waitMs(71, 0) > 0);
  }

  @Test
  void unitsThatComeBackLateFillNothingTwice() {
    var rate = new MinuteRate(100);
    long taken = rate.take(100, 0);
    rate.correct(taken, 0, MINUTE_NANOS);
    assertEquals(0, rate.waitMs(100, MINUTE_NANOS));
    rate.take(100, MINUTE_NANOS);
    assertEquals(60_000, rate.waitMs(100, MINUTE_NANOS));
  }

  @Test
  void whatNeverFitsNeedsAFullBucket() {
    var rate = new MinuteRate(100);
    assertEquals(0, rate.waitMs(1_000, 0));
    assertEquals(100, rate.take(1_000, 0));
    assertEquals(60_000, rate.waitMs(1_000, 0));
  }

  @Test
  void unreservedUseKeepsTheBucketEmptyForAMinuteMoreAtMost() {
    var rate = new MinuteRate(60);
    long taken = rate.take(60, 0);
    rate.correct(taken, 90, 0);
    assertEquals(31_000, rate.waitMs(1, 0));
    rate.correct(0, Long.MAX_VALUE, 0);
    assertEquals(61_000, rate.waitMs(1, 0));
  }

  @Test
  void theLargestRateAndTheLongestTimeStayInRange() {
    long limit = 1_000_000_000_000L;
    var rate = new MinuteRate(limit);
    for (int i = 0; i < 1_000; i++) {
      rate.correct(0, Long.MAX_VALUE, 0);
    }
    assertEquals(120_000, rate.waitMs(limit, 0));
    assertEquals(0, rate.waitMs(limit, Long.MAX_VALUE));
  }
}
