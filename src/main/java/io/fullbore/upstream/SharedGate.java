package io.fullbore.upstream;

import io.fullbore.config.UpstreamConfig;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The gate of one upstream, which the event loops of this process share: an upstream that refuses
 * one of them is left alone by all.
 *
 * <pre>
 *   enter --cool-off, minute rates, a place in the queue, breaker--> takes from the rates and the
 *     breaker, and waits in the queue unless a slot is free
 *   a slot becomes free --> the first in the queue is sent
 *   its time is over, the circuit opens, a cool-off begins, its caller leaves --> it is refused or
 *     forgotten, and what it took is put back
 *   a permit is used --> its slot is free, and the parts learn what it tells
 * </pre>
 *
 * <p>Invariants: nobody waits while a slot is free, the circuit is open or a cool-off lasts; each
 * permission of the breaker is given back once. All state is under this object's lock, which is
 * held for microseconds; nothing foreign runs under it, as contexts only queue what they are given.
 */
final class SharedGate implements UpstreamGate {
  private static final long MS_NANOS = 1_000_000;

  /** An answer may take so much longer than usual. */
  private static final double SLOW_ANSWER = 1.25;

  /** The usual time goes so far to each new one. */
  private static final double GAIN = 0.1;

  private final UpstreamConfig.Upstream settings;
  private final Vertx vertx;
  private final Alarm alarm;
  private final LongSupplier nanoClock;
  private final long startNanos;
  private final long silentNanos;

  private final CoolOff coolOff;
  private final Breaker breaker;
  private final MinuteRate requestRate;
  private final MinuteRate tokenRate;
  private final ConcurrencyWindow window;
  private final WaitingLine<Waiter> line;
  private final DrainRate drain = new DrainRate();
  private final RetryBudget budget = new RetryBudget();
  private final LatencyWindow latencies = new LatencyWindow();
  private double usualMs;
  private boolean alarmed;

  /** Somebody in the queue, to be told on the context that asked. */
  private record Waiter(SharedPermit permit, Context caller, Promise<Permit> answer) {
    void admit() {
      caller.runOnContext(ignored -> answer.complete(permit));
    }

    void refuse(GateClosedException why) {
      caller.runOnContext(ignored -> answer.fail(why));
    }
  }

  /**
   * Make it outside of verticles: the queue's timer ends with the verticle that makes it.
   *
   * @param nanoClock monotonic
   * @param random need not be thread-safe, but must not be used elsewhere then
   */
  SharedGate(
      UpstreamConfig.Upstream settings,
      Vertx vertx,
      LongSupplier nanoClock,
      RandomGenerator random) {
    this(settings, vertx, timerOf(vertx), nanoClock, random);
  }

  SharedGate(
      UpstreamConfig.Upstream settings,
      Vertx vertx,
      Alarm alarm,
      LongSupplier nanoClock,
      RandomGenerator random) {
    this.settings = settings;
    this.vertx = vertx;
    this.alarm = alarm;
    this.nanoClock = nanoClock;
    startNanos = nanoClock.getAsLong();
    silentNanos = Math.min(settings.firstTokenTimeoutMs(), settings.idleTimeoutMs()) * MS_NANOS;
    coolOff = new CoolOff(random);
    breaker = new Breaker(settings.name(), this::nowNanos, random);
    requestRate = new MinuteRate(settings.requestsPerMinute());
    tokenRate = new MinuteRate(settings.tokensPerMinute());
    window = new ConcurrencyWindow(settings.maxConcurrent());
    line = new WaitingLine<>(settings.maxQueued(), settings.queueTimeoutMs());
  }

  private static Alarm timerOf(Vertx vertx) {
    Context own = vertx.getOrCreateContext();
    return (delayMs, action) ->
        own.runOnContext(ignored -> vertx.setTimer(delayMs, alsoIgnored -> action.run()));
  }

  @Override
  public Future<Permit> enter(long tokens, long withinMs) {
    return enter(tokens, withinMs, true);
  }

  @Override
  public Future<Permit> enterAgain(long tokens, long withinMs) {
    return enter(tokens, withinMs, false);
  }

  /** The breaker is asked last, since asking it may begin a trial. */
  private synchronized Future<Permit> enter(long tokens, long withinMs, boolean first) {
    long nowNanos = nowNanos();
    GateClosedException closed = closed(tokens, withinMs, nowNanos);
    if (closed != null) {
      return Future.failedFuture(closed);
    }
    long permission = breaker.acquire();
    if (permission == Breaker.REFUSED) {
      return Future.failedFuture(failing());
    }
    requestRate.take(1, nowNanos);
    var permit = new SharedPermit(first, permission, tokenRate.take(tokens, nowNanos));
    if (!window.full()) {
      send(permit, nowNanos);
      return Future.succeededFuture(permit);
    }
    var waiter = new Waiter(permit, vertx.getOrCreateContext(), Promise.promise());
    line.add(waiter, nowNanos);
    setAlarm(nowNanos);
    return waiter.answer().future();
  }

  /** Why a request may not even wait; null where it may, or where only the breaker knows. */
  private @Nullable GateClosedException closed(long tokens, long withinMs, long nowNanos) {
    if (coolOff.remainingMs(nowNanos) > 0) {
      return cooling(nowNanos);
    }
    long waitMs = requestRate.waitMs(1, nowNanos);
    if (waitMs > 0) {
      return refusal(
          "has had its requestsPerMinute=%d".formatted(settings.requestsPerMinute()), waitMs);
    }
    waitMs = tokenRate.waitMs(tokens, nowNanos);
    if (waitMs > 0) {
      return refusal(
          "has had its tokensPerMinute=%d".formatted(settings.tokensPerMinute()), waitMs);
    }
    if (crowded()) {
      return refusal(
          "is busy, and waiting=%d requests are before this one".formatted(line.size()),
          turnMs(nowNanos));
    }
    if (window.full() && tooLate(withinMs, nowNanos)) {
      return refusal(
          "is busy, and would not answer within %d ms".formatted(withinMs), turnMs(nowNanos));
    }
    return null;
  }

  /** Whether the usual answer would come too late for one who waits. */
  private boolean tooLate(long withinMs, long nowNanos) {
    double waitMs = drain.expectedMs(line.size() + 1, nowNanos);
    return waitMs + SLOW_ANSWER * usualMs > withinMs;
  }

  private boolean crowded() {
    return window.full() && line.isFull();
  }

  /** When one more in the queue would have its turn. */
  private long turnMs(long nowNanos) {
    return drain.waitMs(line.size() + 1, nowNanos);
  }

  private GateClosedException failing() {
    return refusal("fails and is left alone for now", breaker.closedForMs());
  }

  private GateClosedException cooling(long nowNanos) {
    return refusal("has too much to do", coolOff.remainingMs(nowNanos));
  }

  private GateClosedException refusal(String why, long retryAfterMs) {
    return new GateClosedException(
        "upstream=%s %s. Try again later.".formatted(settings.name(), why), retryAfterMs);
  }

  private void send(SharedPermit permit, long nowNanos) {
    permit.sequence = window.take();
    permit.sentNanos = nowNanos;
    if (permit.first) {
      budget.first();
    }
    drain.full(window.full(), nowNanos);
  }

  /** After a slot was given back: sends those who wait, or refuses them where they wait in vain. */
  private void serve(long nowNanos) {
    if (line.isEmpty()) {
      drain.full(window.full(), nowNanos);
      return;
    }
    if (breaker.open()) {
      refuse(line.clear(), failing(), nowNanos);
    } else if (coolOff.remainingMs(nowNanos) > 0) {
      refuse(line.clear(), cooling(nowNanos), nowNanos);
    } else {
      refuseLate(nowNanos);
      while (!window.full() && !line.isEmpty()) {
        Waiter waiter = line.remove();
        send(waiter.permit(), nowNanos);
        waiter.admit();
      }
    }
    drain.full(window.full(), nowNanos);
  }

  private void refuseLate(long nowNanos) {
    List<Waiter> late = line.expired(nowNanos);
    if (!late.isEmpty()) {
      refuse(
          late,
          refusal(
              "is busy for queueTimeoutMs=%d".formatted(settings.queueTimeoutMs()),
              turnMs(nowNanos)),
          nowNanos);
    }
  }

  /** Refuses those who have waited. */
  private void refuse(List<Waiter> waiters, GateClosedException why, long nowNanos) {
    for (Waiter waiter : waiters) {
      putBack(waiter.permit(), nowNanos);
      waiter.refuse(why);
    }
  }

  /** What a request took that is not sent. */
  private void putBack(SharedPermit permit, long nowNanos) {
    breaker.release(permit.permission);
    requestRate.correct(1, 0, nowNanos);
    tokenRate.correct(permit.reservedTokens, 0, nowNanos);
  }

  @Override
  public synchronized void leave(Future<Permit> entered) {
    Waiter waiter = line.remove(waiting -> waiting.answer().future() == entered);
    if (waiter != null) {
      putBack(waiter.permit(), nowNanos());
    }
  }

  /** One alarm serves all: who is first in the queue is late first. */
  private void setAlarm(long nowNanos) {
    if (!alarmed && !line.isEmpty()) {
      alarmed = true;
      alarm.in(Math.max(1, line.firstExpiresInMs(nowNanos)), this::onAlarm);
    }
  }

  private synchronized void onAlarm() {
    long nowNanos = nowNanos();
    alarmed = false;
    refuseLate(nowNanos);
    setAlarm(nowNanos);
  }

  @Override
  public synchronized long closedForMs() {
    long nowNanos = nowNanos();
    long ratesMs = Math.max(requestRate.waitMs(1, nowNanos), tokenRate.waitMs(1, nowNanos));
    long upstreamMs = Math.max(coolOff.remainingMs(nowNanos), breaker.closedForMs());
    return Math.max(Math.max(ratesMs, upstreamMs), crowded() ? turnMs(nowNanos) : 0);
  }

  @Override
  public synchronized boolean mayRepeat() {
    return budget.take();
  }

  @Override
  public synchronized long p95Ms() {
    return latencies.p95Ms();
  }

  /** Requests at the upstream. */
  synchronized int inFlight() {
    return window.inFlight();
  }

  /** Since the gate was made, so that no part need care about where a clock begins. */
  private long nowNanos() {
    return nanoClock.getAsLong() - startNanos;
  }

  /** Holds a slot from when it is sent until it is used. Its fields are under the gate's lock. */
  private final class SharedPermit implements Permit {
    private final boolean first;
    private final long permission;
    private final long reservedTokens;
    private long sequence;
    private long sentNanos;
    private boolean used;

    SharedPermit(boolean first, long permission, long reservedTokens) {
      this.first = first;
      this.permission = permission;
      this.reservedTokens = reservedTokens;
    }

    @Override
    public void succeeded(long tookMs, long tokens) {
      use(
          nowNanos -> {
            breaker.succeeded(permission);
            tokenRate.correct(reservedTokens, tokens, nowNanos);
            latencies.add(tookMs);
            usualMs += (usualMs == 0 ? 1 : GAIN) * (tookMs - usualMs);
            window.grow();
            if (window.isNews(sequence)) {
              coolOff.succeeded();
            }
          });
    }

    /**
     * What it used is unknown, and stays reserved. Silence, and no other failure, says that the
     * upstream has too much to do.
     */
    @Override
    public void failed() {
      use(
          nowNanos -> {
            breaker.failed(permission);
            if (nowNanos - sentNanos >= silentNanos && window.isNews(sequence)) {
              window.shrink();
            }
          });
    }

    /** It used no tokens; most upstreams count it as a request all the same. */
    @Override
    public void overloaded(long retryAfterMs) {
      use(
          nowNanos -> {
            breaker.release(permission);
            tokenRate.correct(reservedTokens, 0, nowNanos);
            boolean news = window.isNews(sequence);
            coolOff.begin(retryAfterMs, news, nowNanos);
            if (news) {
              window.shrink();
            }
          });
    }

    /** What it used is unknown, and stays reserved. */
    @Override
    public void unanswered() {
      use(
          nowNanos -> {
            breaker.release(permission);
            boolean late = nowNanos - sentNanos > SLOW_ANSWER * usualMs * MS_NANOS;
            if (usualMs > 0 && late && window.isNews(sequence)) {
              window.shrink();
            }
          });
    }

    @Override
    public void unsent() {
      use(nowNanos -> putBack(this, nowNanos));
    }

    /** What it used is unknown, and stays reserved. */
    @Override
    public void release() {
      use(ignored -> breaker.release(permission));
    }

    private void use(LongConsumer outcome) {
      synchronized (SharedGate.this) {
        if (used) {
          return;
        }
        used = true;
        long nowNanos = nowNanos();
        outcome.accept(nowNanos);
        window.giveBack();
        drain.freed(nowNanos);
        serve(nowNanos);
      }
    }
  }
}
