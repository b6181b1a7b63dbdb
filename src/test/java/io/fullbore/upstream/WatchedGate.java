package io.fullbore.upstream;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A gate that does what the test says, and finds permits that are used twice or not at all. */
final class WatchedGate implements UpstreamGate {
  private final List<Watched> permits = new ArrayList<>();
  private final List<Promise<Permit>> waiting = new ArrayList<>();
  private int firstCount;
  private int againCount;
  private int repeats = Integer.MAX_VALUE;
  private long p95Ms = Long.MAX_VALUE;
  private long closedForMs;
  private boolean queueing;
  private boolean queueingRepeats;
  private @Nullable RetryBudget budget;
  private @Nullable GateClosedException closed;

  /** Whoever enters waits from now on. */
  synchronized void queue() {
    queueing = true;
  }

  /** Whoever enters again waits from now on. */
  synchronized void queueRepeats() {
    queueingRepeats = true;
  }

  /** Lets all who wait enter, on whatever thread. */
  void admitAll() {
    List<Promise<Permit>> admitted;
    synchronized (this) {
      queueing = false;
      queueingRepeats = false;
      admitted = List.copyOf(waiting);
      waiting.clear();
    }
    admitted.forEach(promise -> promise.complete(permit()));
  }

  synchronized void close(String reason, long retryAfterMs) {
    closed = new GateClosedException(reason, retryAfterMs);
  }

  synchronized void allowRepeats(int count) {
    repeats = count;
  }

  synchronized void budget(RetryBudget of) {
    budget = of;
  }

  synchronized void p95Ms(long ms) {
    p95Ms = ms;
  }

  synchronized void closedForMs(long ms) {
    closedForMs = ms;
  }

  @Override
  public Future<Permit> enter(long tokens, long withinMs) {
    synchronized (this) {
      firstCount++;
      if (budget != null) {
        budget.first();
      }
      return enter(queueing);
    }
  }

  @Override
  public Future<Permit> enterAgain(long tokens, long withinMs) {
    synchronized (this) {
      againCount++;
      return enter(queueing || queueingRepeats);
    }
  }

  @Override
  public synchronized void leave(Future<Permit> entered) {
    waiting.removeIf(promise -> promise.future() == entered);
  }

  private Future<Permit> enter(boolean waits) {
    if (closed != null) {
      return Future.failedFuture(closed);
    }
    if (!waits) {
      return Future.succeededFuture(permit());
    }
    Promise<Permit> promise = Promise.promise();
    waiting.add(promise);
    return promise.future();
  }

  private synchronized Permit permit() {
    var permit = new Watched();
    permits.add(permit);
    return permit;
  }

  @Override
  public synchronized long closedForMs() {
    return closedForMs;
  }

  @Override
  public synchronized boolean mayRepeat() {
    return budget != null ? budget.take() : repeats-- > 0;
  }

  @Override
  public synchronized long p95Ms() {
    return p95Ms;
  }

  synchronized int firstCount() {
    return firstCount;
  }

  synchronized int againCount() {
    return againCount;
  }

  synchronized int waitingCount() {
    return waiting.size();
  }

  /** How each permit was used, such as {@code succeeded}; null where it was not used yet. */
  synchronized List<@Nullable String> outcomes() {
    List<@Nullable String> outcomes = new ArrayList<>();
    permits.forEach(permit -> outcomes.add(permit.outcome));
    return outcomes;
  }

  private final class Watched implements Permit {
    private @Nullable String outcome;

    @Override
    public void succeeded(long tookMs, long tokens) {
      use("succeeded " + tokens);
    }

    @Override
    public void failed() {
      use("failed");
    }

    @Override
    public void overloaded(long retryAfterMs) {
      use("overloaded " + retryAfterMs);
    }

    @Override
    public void unanswered() {
      use("unanswered");
    }

    @Override
    public void unsent() {
      use("unsent");
    }

    @Override
    public void release() {
      use("released");
    }

    private void use(String how) {
      synchronized (WatchedGate.this) {
        outcome = outcome == null ? how : outcome + ", then " + how;
      }
    }
  }
}
