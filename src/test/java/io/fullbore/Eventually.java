package io.fullbore;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waits for what another thread or process brings about. */
public final class Eventually {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

  /** What is waited for. */
  @FunctionalInterface
  public interface Condition {
    boolean holds() throws Exception;
  }

  private Eventually() {}

  /** Returns when the condition holds; a test's own timeout ends it otherwise. */
  public static void await(Condition condition) throws Exception {
    while (!condition.holds()) {
      if (Thread.interrupted()) {
        throw new InterruptedException("the test's time is over");
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /**
   * @throws AssertionError where the condition does not hold in time
   */
  public static void await(Condition condition, long withinMs) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(withinMs);
    await(
        () -> {
          if (System.nanoTime() > deadline) {
            throw new AssertionError("not within %d ms".formatted(withinMs));
          }
          return condition.holds();
        });
  }
}
