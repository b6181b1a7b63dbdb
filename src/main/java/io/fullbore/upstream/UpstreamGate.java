package io.fullbore.upstream;

import io.vertx.core.Future;

/**
 * Whether and when requests may be sent to one upstream: its circuit breaker, its Retry-After, its
 * rate limits, and so many at a time, for which the others wait in a bounded queue. One per
 * upstream, shared by all event loops; thread-safe.
 */
interface UpstreamGate {
  /**
   * Asks to send a request for the first time, now or within the queue's time.
   *
   * @param tokens the most that prompt and answer may have together
   * @param withinMs the time left for the answer: who would wait so long that the usual answer came
   *     too late is refused at once, so that nothing is computed for nobody
   * @return on the caller's context; fails with {@link GateClosedException} at once, when the time
   *     is over, or as soon as waiting has become vain. A caller that is no longer interested when
   *     it succeeds has {@link Permit#unsent}.
   */
  Future<Permit> enter(long tokens, long withinMs);

  /**
   * The same for a request that {@link #mayRepeat} was true for: a repetition, or a hedge. It does
   * not fill the budget. What the budget gave is not put back where this fails.
   */
  Future<Permit> enterAgain(long tokens, long withinMs);

  /**
   * Waits no more for what {@link #enter} or {@link #enterAgain} gave, which then never completes:
   * the place in the queue is free, and what was taken is put back. Harmless where it has
   * completed, or is about to.
   */
  void leave(Future<Permit> entered);

  /**
   * How long it is not worth asking; 0 where a request may be sent now or queued. Cheap: asked for
   * every request.
   */
  long closedForMs();

  /**
   * Takes one repetition from the budget that first attempts fill when they are sent, a tenth each:
   * at no time was it true more often than a tenth of them.
   */
  boolean mayRepeat();

  /**
   * How long 95 of 100 whole answers took lately; {@link Long#MAX_VALUE} while too few are known.
   */
  long p95Ms();

  /** One request's leave to be sent. The first call counts and later ones do nothing. */
  interface Permit {
    /**
     * The upstream answered in full.
     *
     * @param tookMs from sending the request to the answer's end
     * @param tokens of prompt and answer, in place of those reserved
     */
    void succeeded(long tookMs, long tokens);

    /** The upstream failed: 5xx, a broken or silent connection, nonsense. */
    void failed();

    /**
     * The upstream has too much to do: 429 or 503. Nobody is sent there for as long as it asks, and
     * then fewer at a time; it is not a failure that opens the circuit.
     *
     * @param retryAfterMs what it asks for; 0 where it does not say
     */
    void overloaded(long retryAfterMs);

    /**
     * The caller left before the upstream had said a word. Where that took longer than its answers
     * do, it has more to do than it can.
     */
    void unanswered();

    /**
     * Nothing was sent: the caller left before. What was taken of the minute's rates is put back.
     */
    void unsent();

    /** Nothing is known of the upstream: the caller left, or its request was wrong. */
    void release();
  }
}
