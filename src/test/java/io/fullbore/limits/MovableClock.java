package io.fullbore.limits;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** Stands still until it is moved. Thread-safe. */
final class MovableClock implements InstantSource {
  private volatile Instant now;

  MovableClock(String now) {
    this.now = Instant.parse(now);
  }

  void move(Duration by) {
    now = now.plus(by);
  }

  void set(String to) {
    now = Instant.parse(to);
  }

  @Override
  public Instant instant() {
    return now;
  }
}
