package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ConcurrencyWindowTest {
  private static void fill(ConcurrencyWindow window) {
    while (!window.full()) {
      window.take();
    }
  }

  /** As many successes as fit in the window, with the window in full use. */
  private static void round(ConcurrencyWindow window) {
    int count = window.size();
    for (int i = 0; i < count; i++) {
      fill(window);
      window.grow();
      window.giveBack();
    }
  }

  @Test
  void isWideOpenAtFirst() {
    var window = new ConcurrencyWindow(3);
    for (int i = 0; i < 3; i++) {
      assertFalse(window.full());
      window.take();
    }
    assertTrue(window.full());
    window.giveBack();
    assertFalse(window.full());
  }

  @Test
  void overloadHalvesWhatWasUnderWay() {
    var window = new ConcurrencyWindow(64);
    fill(window);
    window.shrink();
    assertEquals(32, window.size());
    assertTrue(window.full());

    var idle = new ConcurrencyWindow(64);
    for (int i = 0; i < 8; i++) {
      idle.take();
    }
    idle.shrink();
    assertEquals(4, idle.size());
  }

  @Test
  void isNeverBelowOne() {
    var window = new ConcurrencyWindow(64);
    fill(window);
    for (int i = 0; i < 100; i++) {
      window.shrink();
    }
    assertEquals(1, window.size());
  }

  @Test
  void whatWasSentBeforeItNarrowedIsNoNews() {
    var window = new ConcurrencyWindow(64);
    long first = window.take();
    long second = window.take();
    assertTrue(window.isNews(first));
    window.shrink();
    assertFalse(window.isNews(first));
    assertFalse(window.isNews(second));
    assertTrue(window.isNews(window.take()));
  }

  @Test
  void opensByTheSameStepEachRound() {
    var window = new ConcurrencyWindow(64);
    window.take();
    window.shrink();
    assertEquals(1, window.size());
    window.giveBack();
    int before = 1;
    for (int i = 0; i < 10; i++) {
      round(window);
      assertEquals(4, window.size() - before, 1);
      before = window.size();
    }
    for (int i = 0; i < 10; i++) {
      round(window);
    }
    assertEquals(64, window.size());
  }

  @Test
  void smallWindowsOpenOneByOne() {
    var window = new ConcurrencyWindow(2);
    window.take();
    window.shrink();
    assertEquals(1, window.size());
    window.grow();
    assertEquals(2, window.size());
    window.take();
    window.grow();
    assertEquals(2, window.size());
  }

  @Test
  void doesNotOpenWhileItIsNotUsed() {
    var window = new ConcurrencyWindow(64);
    fill(window);
    window.shrink();
    while (window.inFlight() > 1) {
      window.giveBack();
    }
    for (int i = 0; i < 1_000; i++) {
      window.grow();
    }
    assertEquals(32, window.size());
  }
}
