package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class WaitingLineTest {
  private static final long MS_NANOS = 1_000_000;

  private final WaitingLine<String> line = new WaitingLine<>(3, 100);

  @Test
  void isFirstComeFirstServedAndBounded() {
    assertTrue(line.isEmpty());
    line.add("a", 0);
    line.add("b", 0);
    assertFalse(line.isFull());
    line.add("c", 0);
    assertTrue(line.isFull());
    assertEquals("a", line.remove());
    assertFalse(line.isFull());
    assertEquals(List.of("b", "c"), line.clear());
    assertTrue(line.isEmpty());
  }

  @Test
  void thoseWhoseTimeIsOverLeave() {
    line.add("a", 0);
    line.add("b", 10 * MS_NANOS);
    line.add("c", 20 * MS_NANOS + 1);
    assertEquals(100, line.firstExpiresInMs(0));
    assertEquals(List.of(), line.expired(99 * MS_NANOS));
    assertEquals(1, line.firstExpiresInMs(100 * MS_NANOS - 1));
    assertEquals(List.of("a", "b"), line.expired(120 * MS_NANOS));
    assertEquals(1, line.size());
    assertEquals(List.of("c"), line.expired(120 * MS_NANOS + 1));
    assertEquals(Long.MAX_VALUE, line.firstExpiresInMs(0));
    assertEquals(List.of(), line.expired(Long.MAX_VALUE));
  }

  @Test
  void nobodyWaitsForNoTime() {
    assertTrue(new WaitingLine<String>(3, 0).isFull());
    assertTrue(new WaitingLine<String>(0, 100).isFull());
  }
}
