package io.fullbore.upstream;

import java.util.ArrayDeque;

/** Runs what it was given when it is told to. */
final class ManualAlarm implements Alarm {
  private final ArrayDeque<Setting> settings = new ArrayDeque<>();

  private record Setting(long delayMs, Runnable action) {}

  @Override
  public synchronized void in(long delayMs, Runnable action) {
    settings.add(new Setting(delayMs, action));
  }

  /** How many times it is set. */
  synchronized int count() {
    return settings.size();
  }

  /** How long the next one was to take. */
  synchronized long delayMs() {
    return settings.element().delayMs();
  }

  void ring() {
    Setting next;
    synchronized (this) {
      next = settings.remove();
    }
    next.action().run();
  }
}
