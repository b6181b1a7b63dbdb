package io.fullbore.upstream;

import io.vertx.core.Vertx;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Goes off when nothing was heard for a time. To hear something costs a reading of the clock: the
 * timer itself is set anew only when it goes off too early. Confined to an event loop.
 */
final class SilenceTimer {
  private static final long NONE = -1;

  private final Vertx vertx;
  private final LongSupplier nanoClock;
  private long timer = NONE;
  private long limitMs;
  private long heardNanos;
  private @Nullable Runnable action;

  SilenceTimer(Vertx vertx, LongSupplier nanoClock) {
    this.vertx = vertx;
    this.nanoClock = nanoClock;
  }

  /** Waits from now on, in place of what it waited for. */
  void start(long silenceMs, Runnable whenSilent) {
    stop();
    limitMs = silenceMs;
    action = whenSilent;
    heard();
    set(silenceMs);
  }

  void heard() {
    heardNanos = nanoClock.getAsLong();
  }

  /** Waits no more, until {@link #resume}; harmless where it does not wait. */
  void pause() {
    if (timer != NONE) {
      vertx.cancelTimer(timer);
      timer = NONE;
    }
  }

  /** Begins the wait that was paused anew. */
  void resume() {
    if (timer == NONE && action != null) {
      heard();
      set(limitMs);
    }
  }

  void stop() {
    pause();
    action = null;
  }

  private void set(long delayMs) {
    timer = vertx.setTimer(delayMs, ignored -> goOff());
  }

  private void goOff() {
    timer = NONE;
    Runnable whenSilent = action;
    if (whenSilent == null) {
      return;
    }
    long silentMs = TimeUnit.NANOSECONDS.toMillis(nanoClock.getAsLong() - heardNanos);
    if (silentMs < limitMs) {
      set(limitMs - silentMs);
    } else {
      action = null;
      whenSilent.run();
    }
  }
}
