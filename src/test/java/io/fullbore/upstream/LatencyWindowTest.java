package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class LatencyWindowTest {
  private final LatencyWindow window = new LatencyWindow();

  private void add(int fromMs, int toMs) {
    for (int ms = fromMs; ms < toMs; ms++) {
      window.add(ms);
    }
  }

  @Test
  void saysNothingWhileTooFewAreKnown() {
    assertEquals(Long.MAX_VALUE, window.p95Ms());
    add(1, LatencyWindow.ENOUGH);
    assertEquals(Long.MAX_VALUE, window.p95Ms());
    window.add(1_000);
    assertEquals(19, window.p95Ms());
  }

  @Test
  void isTheNearestRankWhateverTheOrder() {
    for (int ms = 100; ms > 0; ms--) {
      window.add(ms);
    }
    assertEquals(95, window.p95Ms());
  }

  @Test
  void isSortedOutAgainAfterSomeAnswers() {
    add(0, 100);
    assertEquals(94, window.p95Ms());
    for (int i = 1; i < LatencyWindow.STALE_AFTER; i++) {
      window.add(10_000);
    }
    assertEquals(94, window.p95Ms());
    window.add(10_000);
    assertEquals(10_000, window.p95Ms());
  }

  @Test
  void forgetsOldAnswers() {
    add(100_000, 100_000 + LatencyWindow.SIZE);
    add(0, LatencyWindow.SIZE);
    assertEquals(243, window.p95Ms());
  }
}
