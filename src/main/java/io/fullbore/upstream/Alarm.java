package io.fullbore.upstream;

/** Has something done later. */
@FunctionalInterface
interface Alarm {
  /**
   * Runs an action once, on any thread, after so many milliseconds, of which there is at least 1.
   */
  void in(long delayMs, Runnable action);
}
