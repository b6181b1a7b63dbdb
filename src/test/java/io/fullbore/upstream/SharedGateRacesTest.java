package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.upstream.UpstreamGate.Permit;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many threads at one gate. */
@Timeout(60)
class SharedGateRacesTest {
  private static final int THREADS = 8;
  private static final int ROUNDS = 2_000;

  /** Of those that never wait. */
  private static final int QUICK_ROUNDS = 50_000;

  private static final int SLOTS = 4;

  private final Vertx vertx = Vertx.vertx();
  private final ManualClock clock = new ManualClock();
  private final ManualAlarm alarm = new ManualAlarm();
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicInteger mostInFlight = new AtomicInteger();
  private final AtomicLong sentCount = new AtomicLong();
  private final AtomicLong refusedCount = new AtomicLong();
  private final AtomicLong repeatCount = new AtomicLong();

  @AfterEach
  void close() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  private SharedGate gate(GateSettings settings) {
    return new SharedGate(settings.upstream(), vertx, alarm, clock, new SplittableRandom(1));
  }

  /** What one thread does in one round. */
  @FunctionalInterface
  private interface Step {
    void run(SplittableRandom random) throws Exception;
  }

  private static void inManyThreads(int rounds, Step step) throws Exception {
    var start = new CyclicBarrier(THREADS);
    try (var threads = Executors.newFixedThreadPool(THREADS)) {
      var all = new ArrayList<Callable<Void>>();
      for (int i = 0; i < THREADS; i++) {
        var random = new SplittableRandom(i);
        all.add(
            () -> {
              start.await();
              for (int round = 0; round < rounds; round++) {
                step.run(random);
              }
              return null;
            });
      }
      for (var done : threads.invokeAll(all)) {
        done.get();
      }
    }
  }

  private void use(Permit permit, SplittableRandom random, boolean troubled) {
    mostInFlight.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
    sentCount.incrementAndGet();
    Thread.yield();
    inFlight.decrementAndGet();
    switch (troubled ? random.nextInt(8) : random.nextInt(4)) {
      case 0 -> permit.release();
      case 5, 6 -> permit.failed();
      case 7 -> permit.overloaded(random.nextInt(2) * 3L);
      default -> permit.succeeded(1, 1);
    }
    permit.release();
  }

  private void assertNothingIsHeld(SharedGate gate) {
    clock.moveMs(TimeUnit.HOURS.toMillis(1));
    while (alarm.count() > 0) {
      alarm.ring();
    }
    assertEquals(0, inFlight.get());
    assertEquals(0, gate.inFlight());
    assertEquals(0, gate.closedForMs());
  }

  @Test
  void neverMoreThanTheSlotsAndEverybodyWhoWaitsIsSent() throws Exception {
    SharedGate gate = gate(GateSettings.slots(SLOTS, THREADS));
    inManyThreads(
        ROUNDS,
        random -> {
          Future<Permit> entered = gate.enter(1, Long.MAX_VALUE);
          use(entered.toCompletionStage().toCompletableFuture().get(), random, false);
        });
    assertEquals((long) THREADS * ROUNDS, sentCount.get());
    assertTrue(mostInFlight.get() <= SLOTS, () -> "at once: " + mostInFlight);
    assertNothingIsHeld(gate);
  }

  @Test
  void nothingIsLostWhileTheCircuitTheCoolOffAndTheQueueRefuse() throws Exception {
    var settings = new GateSettings(SLOTS, 2, 50, 1_000_000, 1_000_000);
    var gate = new SharedGate(settings.upstream(), vertx, clock, new SplittableRandom(1));
    inManyThreads(
        ROUNDS,
        random -> {
          Future<Permit> entered = gate.enter(1, Long.MAX_VALUE);
          if (random.nextInt(16) == 0) {
            clock.moveMs(random.nextInt(200));
          }
          try {
            use(entered.toCompletionStage().toCompletableFuture().get(), random, true);
          } catch (ExecutionException refused) {
            assertTrue(refused.getCause() instanceof GateClosedException);
            refusedCount.incrementAndGet();
          }
        });
    assertEquals((long) THREADS * ROUNDS, sentCount.get() + refusedCount.get());
    assertTrue(mostInFlight.get() <= SLOTS, () -> "at once: " + mostInFlight);
    assertTrue(sentCount.get() > 0);
    assertTrue(refusedCount.get() > 0);
    assertNothingIsHeld(gate);
  }

  @Test
  void repetitionsAreATenthOfFirstAttempts() throws Exception {
    SharedGate gate = gate(GateSettings.slots(THREADS, 0));
    inManyThreads(
        QUICK_ROUNDS,
        random -> {
          gate.enter(1, Long.MAX_VALUE).result().succeeded(1, 1);
          sentCount.incrementAndGet();
          if (gate.mayRepeat()) {
            repeatCount.incrementAndGet();
            gate.enterAgain(1, Long.MAX_VALUE).result().release();
          }
        });
    assertEquals(sentCount.get() / RetryBudget.FIRSTS_PER_REPEAT, repeatCount.get());
    assertNothingIsHeld(gate);
  }
}
