package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class BreakerTest {
  private static final long FIRST_OPEN_MS = 5_000;

  private final ManualClock clock = new ManualClock();
  private final Breaker breaker = new Breaker("breaking", clock, FixedRandom.MOST);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void listen() {
    log.list = new CopyOnWriteArrayList<>();
    log.start();
    ((Logger) LoggerFactory.getLogger(Breaker.class)).addAppender(log);
  }

  @AfterEach
  void unlisten() {
    ((Logger) LoggerFactory.getLogger(Breaker.class)).detachAppender(log);
  }

  private List<String> logged() {
    return log.list.stream()
        .map(ILoggingEvent::getFormattedMessage)
        .filter(line -> line.startsWith("upstream=breaking "))
        .toList();
  }

  private long acquire() {
    long permission = breaker.acquire();
    assertNotEquals(Breaker.REFUSED, permission);
    return permission;
  }

  private void succeed(int count) {
    for (int i = 0; i < count; i++) {
      breaker.succeeded(acquire());
    }
  }

  private void fail(int count) {
    for (int i = 0; i < count; i++) {
      breaker.failed(acquire());
    }
  }

  private void open() {
    fail(Breaker.MIN_RESULTS);
    assertTrue(breaker.open());
  }

  /** Moves the clock to when the first trial is let through. */
  private void waitForTrial() {
    long ms = breaker.closedForMs();
    clock.moveMs(ms - 1);
    assertEquals(1, breaker.closedForMs());
    assertEquals(Breaker.REFUSED, breaker.acquire());
    clock.moveMs(1);
    assertEquals(0, breaker.closedForMs());
  }

  @Test
  void opensWhenHalfOfTheResultsAreFailures() {
    succeed(6);
    fail(5);
    assertFalse(breaker.open());
    fail(1);
    assertTrue(breaker.open());
    assertEquals(Breaker.REFUSED, breaker.acquire());
    assertEquals(FIRST_OPEN_MS + 1, breaker.closedForMs());
  }

  @Test
  void staysClosedAtHighTrafficWithFewErrors() {
    for (int i = 0; i < 1_000; i++) {
      succeed(3);
      fail(2);
      clock.moveMs(1);
    }
    assertFalse(breaker.open());
    assertEquals(0, breaker.closedForMs());
  }

  @Test
  void needsSomeResultsToJudge() {
    fail(Breaker.MIN_RESULTS - 1);
    assertFalse(breaker.open());
    fail(1);
    assertTrue(breaker.open());
  }

  @Test
  void forgetsOldFailures() {
    fail(Breaker.MIN_RESULTS - 1);
    clock.moveMs(Breaker.WINDOW_SECONDS * 1_000L);
    fail(1);
    assertFalse(breaker.open());
  }

  @Test
  void whatIsReleasedCountsNeitherWay() {
    for (int i = 0; i < 100; i++) {
      breaker.release(acquire());
    }
    fail(Breaker.MIN_RESULTS - 1);
    assertFalse(breaker.open());
    fail(1);
    assertTrue(breaker.open());
  }

  @Test
  void someTrialsAreLetThroughAfterAWhile() {
    open();
    waitForTrial();
    for (int i = 0; i < Breaker.TRIALS; i++) {
      assertEquals(0, breaker.closedForMs());
      acquire();
    }
    assertEquals(Breaker.REFUSED, breaker.acquire());
    assertEquals(Breaker.TRIAL_MS, breaker.closedForMs());
    assertFalse(breaker.open());
  }

  @Test
  void mostTrialsDecide() {
    open();
    waitForTrial();
    long slowest = acquire();
    breaker.failed(acquire());
    breaker.succeeded(acquire());
    assertEquals(Breaker.TRIAL_MS, breaker.closedForMs());
    breaker.succeeded(slowest);
    assertEquals(0, breaker.closedForMs());
    succeed(100);
  }

  @Test
  void closesBeforeTheSlowestTrialHasEnded() {
    open();
    waitForTrial();
    long slowest = acquire();
    succeed(2);
    succeed(100);
    breaker.failed(slowest);
    fail(99);
    assertFalse(breaker.open());
    fail(1);
    assertTrue(breaker.open());
  }

  @Test
  void aReleasedTrialMayBeMadeAgain() {
    open();
    waitForTrial();
    for (int i = 0; i < 100; i++) {
      breaker.release(acquire());
    }
    acquire();
    acquire();
    acquire();
    assertEquals(Breaker.REFUSED, breaker.acquire());
  }

  @Test
  void whatWasSentBeforeItOpenedIsNoTrial() {
    long[] early = new long[3];
    for (int i = 0; i < early.length; i++) {
      early[i] = acquire();
    }
    open();
    breaker.succeeded(early[0]);
    assertTrue(breaker.open());
    waitForTrial();
    long trial = acquire();
    breaker.succeeded(early[1]);
    breaker.release(early[2]);
    acquire();
    acquire();
    assertEquals(Breaker.REFUSED, breaker.acquire());
    breaker.succeeded(trial);
    assertEquals(Breaker.TRIAL_MS, breaker.closedForMs());
  }

  @Test
  void staysOpenLongerAfterEachTrialThatFailed() {
    open();
    for (long ms : new long[] {5_000, 10_000, 20_000, 40_000, 60_000, 60_000}) {
      assertEquals(ms + 1, breaker.closedForMs());
      waitForTrial();
      fail(2);
      assertTrue(breaker.open());
    }
    waitForTrial();
    succeed(2);
    open();
    assertEquals(FIRST_OPEN_MS + 1, breaker.closedForMs());
  }

  @Test
  void jitterShortensItByHalfAtMost() {
    var least = new Breaker("breaking", clock, FixedRandom.LEAST);
    for (int i = 0; i < Breaker.MIN_RESULTS; i++) {
      least.failed(least.acquire());
    }
    assertEquals(FIRST_OPEN_MS / 2 + 1, least.closedForMs());
  }

  @Test
  void logsEachChangeOnce() {
    long slowest = acquire();
    open();
    breaker.failed(slowest);
    breaker.acquire();
    waitForTrial();
    fail(2);
    waitForTrial();
    succeed(2);
    assertEquals(
        List.of(
            "upstream=breaking fails; left alone for ms=5001",
            "upstream=breaking is tried again with requests=3",
            "upstream=breaking fails; left alone for ms=10001",
            "upstream=breaking is tried again with requests=3",
            "upstream=breaking works again"),
        logged());
  }
}
