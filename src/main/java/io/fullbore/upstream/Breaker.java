package io.fullbore.upstream;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowSynchronizationStrategy;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The circuit breaker of one upstream: leaves it alone while it fails, and lets a few requests try
 * whether it works again. Owned by {@link SharedGate} and used under its lock.
 *
 * <pre>
 *   closed --of at least 10 results in 10 s, half are failures--> open
 *   open --2.5 to 5 s are over; twice as long after each trial that failed, up to a minute-->
 *     half open, when the next request comes
 *   half open: 3 requests --2 succeed--> closed
 *   half open --2 fail--> open
 * </pre>
 *
 * <p>A rate, and not a count, because a busy upstream has some failures in any 10 seconds. A result
 * counts in the state in which its permission was taken: what was sent before the circuit opened
 * says nothing about whether the upstream has recovered, and takes no place of a trial.
 *
 * <p>Having too much to do, 429 and 503, is neither success nor failure: the upstream lives and
 * says so itself, and {@link CoolOff} and {@link ConcurrencyWindow} already keep requests from it.
 * One that answers nothing but 503 is left alone by the growing cool-off.
 *
 * <p>Each change is one line in the log.
 */
final class Breaker {
  /** Instead of a permission. */
  static final long REFUSED = 0;

  static final int WINDOW_SECONDS = 10;
  static final int MIN_RESULTS = 10;
  static final int TRIALS = 3;

  /** When all trials are under way, one of them may have ended after so long. */
  static final long TRIAL_MS = 1_000;

  private static final Logger LOG = LoggerFactory.getLogger(Breaker.class);
  private static final int FAILED_PERCENT = 50;
  private static final int DECISIVE = TRIALS / 2 + 1;
  private static final long OPEN_BASE_MS = 5_000;
  private static final long OPEN_CAP_MS = 60_000;
  private static final long MS_NANOS = 1_000_000;

  /** All failures are alike here. */
  private static final Exception FAILURE = new Exception("an upstream failed");

  private final String upstream;
  private final LongSupplier nanoClock;
  private final Backoff backoff;
  private final CircuitBreaker circuit;
  private State state = State.CLOSED;

  /** Counts the changes of state; what a permission is. */
  private long era = REFUSED + 1;

  private long trialAtNanos;

  /** Heeded while half open only. */
  private int trialsLeft;

  Breaker(String upstream, LongSupplier nanoClock, RandomGenerator random) {
    this.upstream = upstream;
    this.nanoClock = nanoClock;
    backoff = new Backoff(OPEN_BASE_MS, OPEN_CAP_MS, random);
    circuit = CircuitBreaker.of(upstream, config());
  }

  /**
   * Durations are not told to the circuit, which would take long answers for failures. Only the
   * synchronized window heeds the clock.
   */
  private CircuitBreakerConfig config() {
    return CircuitBreakerConfig.custom()
        .slidingWindow(
            WINDOW_SECONDS,
            MIN_RESULTS,
            SlidingWindowType.TIME_BASED,
            SlidingWindowSynchronizationStrategy.SYNCHRONIZED)
        .failureRateThreshold(FAILED_PERCENT)
        .permittedNumberOfCallsInHalfOpenState(TRIALS)
        .waitIntervalFunctionInOpenState(this::openMs)
        .clock(new NanoTime(nanoClock))
        .build();
  }

  /** How long the circuit stays open, which happened so many times in a row. */
  private long openMs(int openings) {
    long ms = backoff.atLeastHalfMs(openings - 1);
    trialAtNanos = nanoClock.getAsLong() + ms * MS_NANOS;
    return ms;
  }

  /**
   * Takes the permission to send one request.
   *
   * @return {@link #REFUSED}, or what exactly one of {@link #succeeded}, {@link #failed} and {@link
   *     #release} is told
   */
  long acquire() {
    boolean permitted = circuit.tryAcquirePermission();
    notice();
    if (!permitted) {
      return REFUSED;
    }
    trialsLeft--;
    return era;
  }

  void succeeded(long permission) {
    if (permission == era) {
      circuit.onSuccess(0, TimeUnit.NANOSECONDS);
      decide();
      notice();
    }
  }

  void failed(long permission) {
    if (permission == era) {
      circuit.onError(0, TimeUnit.NANOSECONDS, FAILURE);
      decide();
      notice();
    }
  }

  /** Nothing is known of the request. */
  void release(long permission) {
    if (permission == era) {
      circuit.releasePermission();
      trialsLeft++;
    }
  }

  /** Whether those who wait for their turn wait in vain. */
  boolean open() {
    return state == State.OPEN;
  }

  /** How long {@link #acquire} will refuse; 0 where it will not. */
  long closedForMs() {
    return switch (state) {
      case OPEN -> Math.max(0, Math.floorDiv(trialAtNanos - nanoClock.getAsLong(), MS_NANOS) + 1);
      case HALF_OPEN -> trialsLeft > 0 ? 0 : TRIAL_MS;
      case CLOSED, DISABLED, METRICS_ONLY, FORCED_OPEN -> 0;
    };
  }

  /** Ends the trials as soon as most agree: the slowest may take minutes. */
  private void decide() {
    if (circuit.getState() == State.HALF_OPEN) {
      CircuitBreaker.Metrics results = circuit.getMetrics();
      if (results.getNumberOfSuccessfulCalls() >= DECISIVE) {
        circuit.transitionToClosedState();
      } else if (results.getNumberOfFailedCalls() >= DECISIVE) {
        circuit.transitionToOpenState();
      }
    }
  }

  private void notice() {
    State now = circuit.getState();
    if (now == state) {
      return;
    }
    state = now;
    era++;
    switch (now) {
      case OPEN -> LOG.warn("upstream={} fails; left alone for ms={}", upstream, closedForMs());
      case HALF_OPEN -> {
        trialsLeft = TRIALS;
        LOG.info("upstream={} is tried again with requests={}", upstream, TRIALS);
      }
      case CLOSED -> LOG.info("upstream={} works again", upstream);
      case DISABLED, METRICS_ONLY, FORCED_OPEN ->
          throw new IllegalStateException("upstream=%s: state=%s".formatted(upstream, now));
    }
  }

  /** The monotonic clock in the form that the circuit reads; its epoch is arbitrary. */
  private static final class NanoTime extends Clock {
    private final LongSupplier nanoClock;

    NanoTime(LongSupplier nanoClock) {
      this.nanoClock = nanoClock;
    }

    @Override
    public Instant instant() {
      return Instant.EPOCH.plusNanos(nanoClock.getAsLong());
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }
}
