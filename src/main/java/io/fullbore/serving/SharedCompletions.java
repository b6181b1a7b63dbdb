package io.fullbore.serving;

import io.fullbore.cache.AnswerCache;
import io.fullbore.cache.AnswerEvent;
import io.fullbore.cache.CacheKey;
import io.fullbore.cache.StoredAnswer;
import io.fullbore.core.Origin;
import io.fullbore.core.Usage;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Answers a request from memory, by joining an equal one under way, or by computing it:
 *
 * <pre>
 *   L1 -> hit
 *      -> a flight of the same key here -> join
 *      -> take off: L2 -> hit
 *                      -> another node holds the lease: look again until it has landed or given up
 *                      -> compute, remember, land
 * </pre>
 *
 * <p>One per API instance, on its event loop; the flights are shared by all instances.
 */
public final class SharedCompletions {
  private static final long LOOK_AGAIN_MS = 50;

  private final Vertx vertx;
  private final Context context;
  private final RoutedCompletions completions;
  private final AnswerCache cache;
  private final Flights flights;
  private final InstantSource clock;

  /** Must be made on the event loop. */
  public SharedCompletions(
      Vertx vertx,
      RoutedCompletions completions,
      AnswerCache cache,
      Flights flights,
      InstantSource clock) {
    this.vertx = vertx;
    this.context = vertx.getOrCreateContext();
    this.completions = completions;
    this.cache = cache;
    this.flights = flights;
    this.clock = clock;
  }

  /**
   * Starts an answer.
   *
   * @param key names the answer; only looked at where the plan reads or writes
   * @return takes the reader's interest back; harmless when the answer has ended
   */
  public Runnable answer(RoutedCall call, CachePlan plan, CacheKey key, AnswerReader reader) {
    if (!plan.read() && !plan.write()) {
      reader.onSource(AnswerSource.BYPASS);
      return completions.answer(call, reader);
    }
    if (plan.read()) {
      StoredAnswer known = cache.local(key);
      if (known != null) {
        keepLonger(plan, key, known);
        reader.onSource(AnswerSource.HIT_L1);
        reader.onStored(known);
        return () -> {};
      }
    }
    var request = new Request(call, plan, key, reader);
    request.start();
    return request::leave;
  }

  /** Takes an ordinary answer into the knowledge base where a request asks for that. */
  private void keepLonger(CachePlan plan, CacheKey key, StoredAnswer known) {
    if (plan.knowledge() && !known.knowledge()) {
      cache.store(key, known.inKnowledge());
    }
  }

  /** One reader's request, which may take part in several flights, one after the other. */
  private final class Request {
    private final RoutedCall call;
    private final CachePlan plan;
    private final CacheKey key;
    private final Flight.Reader reader;
    private @Nullable Flight flight;
    private boolean left;

    Request(RoutedCall call, CachePlan plan, CacheKey key, AnswerReader sink) {
      this.call = call;
      this.plan = plan;
      this.key = key;
      this.reader = new Flight.Reader(context, call.account(), sink, this::start);
    }

    void start() {
      if (left) {
        return;
      }
      if (!plan.read()) {
        board(new Departure(call, plan, key), true);
        return;
      }
      boolean aboard = false;
      while (!aboard) {
        var own = new Departure(call, plan, key);
        Flight shared = flights.getOrAdd(key, () -> own.flight);
        aboard = shared == own.flight ? board(own, false) : join(shared);
      }
    }

    private boolean join(Flight shared) {
      flight = shared;
      return shared.join(reader);
    }

    private boolean board(Departure own, boolean anew) {
      boolean aboard = join(own.flight);
      own.takeOff(anew);
      return aboard;
    }

    void leave() {
      left = true;
      if (flight != null) {
        flight.leave(reader);
      }
    }
  }

  /** A flight that this instance pilots. */
  private final class Departure implements Flight.Pilot {
    private final RoutedCall call;
    private final CachePlan plan;
    private final CacheKey key;
    private final Flight flight;
    private @Nullable Runnable cancel;
    private boolean leased;

    Departure(RoutedCall call, CachePlan plan, CacheKey key) {
      this.call = call;
      this.plan = plan;
      this.key = key;
      this.flight = new Flight(context, call.account(), this, cache.settings().maxAnswerBytes());
    }

    /**
     * @param anew whether what is remembered elsewhere does not count
     */
    void takeOff(boolean anew) {
      if (anew || !cache.remoteUp()) {
        compute();
      } else {
        look(clock.millis() + 2 * cache.settings().leaseMs());
      }
    }

    private void look(long lastLookMs) {
      cache
          .remote(key)
          .onSuccess(
              found -> {
                if (flight.ended()) {
                  return;
                }
                if (found.isPresent() && found.get().completes(call.choiceCount())) {
                  keepLonger(plan, key, found.get());
                  flight.found(found.get());
                } else {
                  lease(lastLookMs);
                }
              });
    }

    private void lease(long lastLookMs) {
      cache
          .lease(key)
          .onSuccess(
              mine -> {
                leased = mine;
                if (mine && flight.ended()) {
                  endLease();
                } else if (mine || clock.millis() >= lastLookMs) {
                  compute();
                } else if (!flight.ended()) {
                  vertx.setTimer(LOOK_AGAIN_MS, ignored -> look(lastLookMs));
                }
              });
    }

    private void compute() {
      if (!flight.ended()) {
        cancel = completions.answer(call, flight);
      }
    }

    @Override
    public void landed(List<AnswerEvent> events, Usage usage, Origin origin) {
      if (plan.write()) {
        var answer = new StoredAnswer(events, usage, clock.millis(), plan.knowledge(), origin);
        if (answer.completes(call.choiceCount())) {
          cache.store(key, answer);
        }
      }
    }

    @Override
    public void closed(Flight closed) {
      flights.remove(key, closed);
      context.runOnContext(ignored -> endLease());
    }

    private void endLease() {
      if (leased) {
        leased = false;
        cache.endLease(key);
      }
    }

    @Override
    public void abandoned(Flight abandoned) {
      if (cancel != null) {
        cancel.run();
      }
    }
  }
}
