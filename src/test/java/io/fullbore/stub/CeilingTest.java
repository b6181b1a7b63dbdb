package io.fullbore.stub;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class CeilingTest {
  private final Ceiling ceiling = new Ceiling();

  private long waitMs(double perSecond, long nowMs) {
    return TimeUnit.NANOSECONDS.toMillis(
        ceiling.waitNanos(perSecond, TimeUnit.MILLISECONDS.toNanos(nowMs)));
  }

  @Test
  void noCeilingIsNoWait() {
    assertEquals(0, waitMs(0, 5));
    assertEquals(0, waitMs(0, 5));
  }

  @Test
  void whoComesTogetherWaitsInTurn() {
    assertEquals(100, waitMs(10, 1_000));
    assertEquals(200, waitMs(10, 1_000));
    assertEquals(250, waitMs(10, 1_050));
  }

  @Test
  void unusedPlacesAreNotKept() {
    waitMs(10, 1_000);
    assertEquals(100, waitMs(10, 9_000));
    assertEquals(200, waitMs(10, 9_000));
  }

  @Test
  void tenClosedLoopsOnOneSmallMachineWaitAsItSays() {
    double perSecond = Pace.ONE_SMALL_MACHINE.ceilingPerSecond();
    long[] dueMs = new long[10];
    long waits = 0;
    for (int round = 0; round < 50; round++) {
      for (int caller = 0; caller < dueMs.length; caller++) {
        waits = waitMs(perSecond, dueMs[caller]);
        dueMs[caller] += waits;
      }
    }
    assertEquals(8_300, waits, 20);
  }
}
