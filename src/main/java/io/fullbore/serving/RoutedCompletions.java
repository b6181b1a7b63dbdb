package io.fullbore.serving;

import io.fullbore.limits.Limits;
import io.fullbore.limits.PriceTable;
import io.fullbore.routing.Route;
import io.fullbore.routing.Router;
import io.fullbore.upstream.UpstreamClient;
import io.fullbore.upstream.Upstreams;
import io.vertx.core.Vertx;
import java.time.InstantSource;
import java.util.function.Function;

/**
 * Answers requests by asking those who serve their names: the local engine, upstreams, or one after
 * the other. One per API instance, on its event loop; every started answer ends exactly once.
 */
public final class RoutedCompletions {
  /**
   * What it takes to ask.
   *
   * @param local asks local models
   * @param upstreams who else there is, and whether they can be asked
   * @param clients ask upstreams, by name
   * @param prices decide who is cheapest
   * @param requestTimeoutMs an answer that is not complete after this time fails, waiting included
   */
  public record Means(
      Vertx vertx,
      CompletionService local,
      Upstreams upstreams,
      Function<String, UpstreamClient> clients,
      Router router,
      Limits limits,
      PriceTable prices,
      InstantSource clock,
      long requestTimeoutMs) {}

  private final Means means;

  public RoutedCompletions(Means means) {
    this.means = means;
  }

  /**
   * Starts an answer; its events go to {@code sink}.
   *
   * @return cancels it without telling the sink; harmless when it has ended
   */
  Runnable answer(RoutedCall call, AnswerSink sink) {
    CompletionCall local = call.local();
    Route route = call.route();
    if (local != null && route.choices().size() == 1 && !route.mayForward()) {
      String model = route.choices().getFirst().target().model();
      return means.local.complete(local, model, Patience.UNLIMITED, sink)::cancel;
    }
    var journey = new Journey(means, call, sink);
    journey.start();
    return journey::cancel;
  }
}
