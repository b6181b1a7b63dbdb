package io.fullbore.serving;

import io.fullbore.core.Failure;
import io.fullbore.core.Usage;
import io.fullbore.limits.RateHeaders;
import io.fullbore.routing.Itinerary;
import io.fullbore.routing.Route;
import io.fullbore.routing.Router;
import io.fullbore.routing.Target;
import io.fullbore.serving.RoutedCompletions.Means;
import io.fullbore.upstream.Attempts;
import io.fullbore.upstream.ForwardedCall;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One request's way to its answer: asks the targets of its itinerary one after the other until one
 * has said something, which is then the one that answers, whatever comes. Ends exactly once.
 * Confined to one event loop.
 *
 * <pre>
 *   next leg --> says something --> ends well or badly: the end
 *            --> fails before --> may somebody else answer? --> next leg
 *                             --> nobody is left: the failure that helps the caller most
 * </pre>
 */
final class Journey {
  /** One target that is asked. */
  interface Leg {
    void start();

    /** Ends it without a word; harmless when it has ended. */
    void cancel();
  }

  private static final int MIN_BYTES_PER_TOKEN = 4;

  private final Means means;
  private final RoutedCall call;
  private final AnswerSink sink;
  private final Attempts attempts = new Attempts();
  private Itinerary itinerary = new Itinerary(List.of(), 0);
  private int nextLeg;
  private @Nullable Leg current;
  private @Nullable Failure worth;
  private @Nullable RateHeaders unaffordable;
  private long deadlineMs;
  private long timer;
  private boolean said;
  private boolean ended;

  Journey(Means means, RoutedCall call, AnswerSink sink) {
    this.means = means;
    this.call = call;
    this.sink = sink;
  }

  void start() {
    deadlineMs = means.clock().millis() + means.requestTimeoutMs();
    timer = means.vertx().setTimer(means.requestTimeoutMs(), ignored -> timeOut());
    itinerary = means.router().itinerary(call.route(), new Moment());
    next();
  }

  AnswerSink sink() {
    return sink;
  }

  Means means() {
    return means;
  }

  RoutedCall call() {
    return call;
  }

  Attempts attempts() {
    return attempts;
  }

  private void next() {
    if (nextLeg == itinerary.legs().size()) {
      finish(worth == null ? nobody() : worth);
      return;
    }
    Itinerary.Leg leg = itinerary.legs().get(nextLeg++);
    current =
        switch (leg.target()) {
          case Target.Local(String model) -> new LocalLeg(this, model, patience(leg.patience()));
          case Target.Upstream upstream -> new UpstreamLeg(this, upstream);
        };
    current.start();
  }

  private Patience patience(Itinerary.Patience patience) {
    return switch (patience) {
      case UNTIL_SPILL -> new Patience(call.route().spillAfterMs(), leftMs());
      case LAST_RESORT -> new Patience(leftMs(), leftMs());
      case UNLIMITED -> Patience.UNLIMITED;
    };
  }

  /** The time left for the answer. */
  long leftMs() {
    return Math.max(0, deadlineMs - means.clock().millis());
  }

  /** There is no way back: the caller has something of this leg's answer. */
  void said() {
    said = true;
  }

  /**
   * A leg gave no answer, or no more of it.
   *
   * @param elsewhere whether another target may do better
   */
  void failed(Failure failure, boolean elsewhere) {
    if (ended) {
      return;
    }
    if (said || !elsewhere) {
      finish(failure);
      return;
    }
    if (worth == null || rank(failure) < rank(worth)) {
      worth = failure;
    }
    next();
  }

  /** The account's limits allow this leg not. */
  void limited(Failure failure, RateHeaders headers) {
    if (ended) {
      return;
    }
    if (failure instanceof Failure.RateLimited) { // tokens count alike everywhere
      end();
      sink.onLimited(failure, headers);
      return;
    }
    unaffordable = headers;
    sink.onReserved(headers);
    failed(failure, true);
  }

  void complete(Usage usage) {
    if (!ended) {
      end();
      sink.onEnd(usage);
    }
  }

  void cancel() {
    if (!ended) {
      end();
      if (current != null) {
        current.cancel();
      }
    }
  }

  /** Who has waited because others were busy all the time may come again; else it took too long. */
  private void timeOut() {
    cancel();
    sink.onFailure(
        !said && worth instanceof Failure.Overloaded busy
            ? busy
            : new Failure.TimedOut(
                "The answer was not complete in %d ms.".formatted(means.requestTimeoutMs())));
  }

  /**
   * Where somebody was not asked for want of money, others may have it: it is the account's end.
   */
  private void finish(Failure failure) {
    end();
    if (unaffordable != null && !said) {
      sink.onLimited(failure, unaffordable);
    } else {
      sink.onFailure(failure);
    }
  }

  private void end() {
    ended = true;
    means.vertx().cancelTimer(timer);
  }

  /** The lower, the more it helps to know: to come again later, rather than that all is in vain. */
  private static int rank(Failure failure) {
    return switch (failure) {
      case Failure.Overloaded _ -> 0;
      case Failure.RateLimited _, Failure.BudgetSpent _ -> 1;
      case Failure.UpstreamRejected _, Failure.UpstreamFailed _, Failure.TimedOut _ -> 2;
      case Failure.Unavailable _ -> 3;
      case Failure.EngineFailed _ -> 4;
      case Failure.InvalidRequest _,
          Failure.ContextLengthExceeded _,
          Failure.ModelNotFound _,
          Failure.Unauthorized _,
          Failure.Forbidden _,
          Failure.Cancelled _ ->
          5;
    };
  }

  /** Why nobody can be asked. */
  private Failure nobody() {
    Route route = call.route();
    if (itinerary.reopensInMs() > 0) {
      return new Failure.Overloaded(
          "Nobody who serves '%s' takes requests now.".formatted(route.name()),
          itinerary.reopensInMs());
    }
    if (call.forwarded() != null && !call.account().caller().mayForward()) {
      return new Failure.Forbidden(
          "The key '%s' may not be answered by others, and no local model can answer this."
              .formatted(call.account().caller().keyId()));
    }
    Failure notLocal = call.notLocal();
    return notLocal != null
        ? notLocal
        : new Failure.Unavailable("Nobody serves '%s' now.".formatted(route.name()));
  }

  /** What holds for the request as it starts. */
  private final class Moment implements Router.Situation {
    @Override
    public boolean localPossible() {
      return call.local() != null;
    }

    @Override
    public boolean mayForward() {
      return call.forwarded() != null && call.account().caller().mayForward();
    }

    @Override
    public long closedForMs(String upstream) {
      return means.upstreams().closedForMs(upstream);
    }

    /** From the body's length: prices are compared, not charged. */
    @Override
    public long costMicros(Target target) {
      ForwardedCall forwarded = call.forwarded();
      if (forwarded == null) {
        return 0;
      }
      long unstated =
          target instanceof Target.Upstream upstream ? upstream.settings().maxAnswerTokens() : 0;
      return means
          .prices()
          .costMicros(
              target.priceName(),
              forwarded.bodyBytes() / MIN_BYTES_PER_TOKEN,
              forwarded.answerTokens(unstated));
    }
  }
}
