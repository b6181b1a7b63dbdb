package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class CoolOffTest {
  private static final long MS_NANOS = 1_000_000;

  private final CoolOff coolOff = new CoolOff(FixedRandom.MOST);

  @Test
  void isOverAtFirst() {
    assertEquals(0, coolOff.remainingMs(0));
  }

  @Test
  void lastsAsLongAsStated() {
    coolOff.begin(1_500, true, 100 * MS_NANOS);
    assertEquals(1_500, coolOff.remainingMs(100 * MS_NANOS));
    assertEquals(1, coolOff.remainingMs(1_600 * MS_NANOS - 1));
    assertEquals(0, coolOff.remainingMs(1_600 * MS_NANOS));
  }

  @Test
  void tenMinutesAreTheMost() {
    coolOff.begin(Long.MAX_VALUE, true, 0);
    assertEquals(600_000, coolOff.remainingMs(0));
  }

  @Test
  void doublesUpToAMinuteWhereNothingIsStated() {
    long nowNanos = 0;
    long[] expectedMs = {1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000};
    for (long ms : expectedMs) {
      coolOff.begin(0, true, nowNanos);
      assertEquals(ms, coolOff.remainingMs(nowNanos));
      nowNanos += ms * MS_NANOS;
    }
    coolOff.succeeded();
    coolOff.begin(0, true, nowNanos);
    assertEquals(1_000, coolOff.remainingMs(nowNanos));
  }

  @Test
  void lastsAtLeastAMillisecond() {
    var least = new CoolOff(FixedRandom.LEAST);
    least.begin(0, true, 0);
    assertEquals(1, least.remainingMs(0));
  }

  @Test
  void manyRefusedTogetherAreOneReason() {
    coolOff.begin(0, true, 0);
    for (int i = 0; i < 63; i++) {
      coolOff.begin(0, false, 10 * MS_NANOS);
    }
    assertEquals(990, coolOff.remainingMs(10 * MS_NANOS));
    coolOff.begin(0, true, 1_000 * MS_NANOS);
    assertEquals(2_000, coolOff.remainingMs(1_000 * MS_NANOS));
  }

  @Test
  void theLongestOfThoseStatedHolds() {
    coolOff.begin(5_000, true, 0);
    coolOff.begin(1_000, false, 0);
    assertEquals(5_000, coolOff.remainingMs(0));
    coolOff.begin(7_000, false, 0);
    assertEquals(7_000, coolOff.remainingMs(0));
  }
}
