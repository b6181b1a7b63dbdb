package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RareLogTest {
  @Test
  void oneLineAMinute() {
    var clock = new ManualClock();
    var log = new RareLog(clock);
    assertTrue(log.permits());
    assertFalse(log.permits());
    clock.moveMs(59_999);
    assertFalse(log.permits());
    clock.moveMs(1);
    assertTrue(log.permits());
    assertFalse(log.permits());
  }
}
