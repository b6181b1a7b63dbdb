package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class DrainRateTest {
  private static final long MS_NANOS = 1_000_000;

  private final DrainRate drain = new DrainRate();

  private void freedEachMs(long intervalMs, int count, long fromMs) {
    drain.full(true, fromMs * MS_NANOS);
    for (int i = 1; i <= count; i++) {
      drain.freed((fromMs + i * intervalMs) * MS_NANOS);
      drain.full(true, (fromMs + i * intervalMs) * MS_NANOS);
    }
  }

  @Test
  void isASecondWhileNothingIsKnown() {
    assertEquals(1_000, drain.waitMs(100, 0));
  }

  @Test
  void isTheMeanIntervalForEachWhoWaits() {
    freedEachMs(200, 10, 0);
    assertEquals(200 * 11, drain.waitMs(11, 2_000 * MS_NANOS));
  }

  @Test
  void followsAChange() {
    freedEachMs(200, 10, 0);
    freedEachMs(1_000, 100, 2_000);
    assertEquals(10_000, drain.waitMs(10, 102_000 * MS_NANOS), 1);
  }

  @Test
  void isBetweenASecondAndAMinute() {
    freedEachMs(200, 10, 0);
    assertEquals(1_000, drain.waitMs(1, 2_000 * MS_NANOS));
    assertEquals(60_000, drain.waitMs(1_000_000, 2_000 * MS_NANOS));
  }

  @Test
  void growsWhileNoSlotBecomesFree() {
    freedEachMs(200, 10, 0);
    assertEquals(10 * 500, drain.waitMs(10, 2_500 * MS_NANOS));
  }

  @Test
  void leavesOutTimesWhenSlotsWereFree() {
    freedEachMs(200, 10, 0);
    drain.full(false, 2_000 * MS_NANOS);
    drain.freed(3_000_000 * MS_NANOS);
    assertEquals(2_000, drain.waitMs(10, 4_000_000 * MS_NANOS));
    freedEachMs(200, 1, 4_000_000);
    assertEquals(2_000, drain.waitMs(10, 4_000_200 * MS_NANOS));
  }
}
