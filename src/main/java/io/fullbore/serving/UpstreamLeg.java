package io.fullbore.serving;

import io.fullbore.core.Failure;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Origin;
import io.fullbore.core.Usage;
import io.fullbore.limits.Admittance;
import io.fullbore.limits.Hold;
import io.fullbore.limits.RateHeaders;
import io.fullbore.routing.Target;
import io.fullbore.upstream.ForwardedCall;
import io.fullbore.upstream.TokenCount;
import io.fullbore.upstream.UpstreamCall;
import io.fullbore.upstream.UpstreamFailure;
import io.fullbore.upstream.UpstreamSink;
import io.vertx.core.Future;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An upstream that is asked: counts the prompt, reserves tokens and money at the upstream's price,
 * sends the request, and settles by what the upstream says was used. Confined to one event loop.
 */
final class UpstreamLeg implements Journey.Leg, UpstreamSink, AnswerFlow {
  private static final Logger LOG = LoggerFactory.getLogger(UpstreamLeg.class);

  /** Longer prompts are counted on a worker thread. */
  private static final int LONGEST_IN_PLACE_BYTES = 8 * 1024;

  private final Journey journey;
  private final Target.Upstream target;
  private final ForwardedCall forwarded;
  private @Nullable Hold hold;
  private @Nullable UpstreamCall call;
  private boolean answering;
  private boolean ended;

  UpstreamLeg(Journey journey, Target.Upstream target) {
    this.journey = journey;
    this.target = target;
    this.forwarded = Objects.requireNonNull(journey.call().forwarded());
  }

  @Override
  public void start() {
    journey.sink().onServedBy(new Origin(target.upstream(), target.model(), null));
    promptTokens().onSuccess(this::reserve).onFailure(this::broken);
  }

  private Future<Long> promptTokens() {
    TokenCount count = journey.means().upstreams().tokenCount();
    return forwarded.bodyBytes() <= LONGEST_IN_PLACE_BYTES
        ? Future.future(counted -> counted.complete(count.promptTokens(forwarded, target.model())))
        : journey
            .means()
            .vertx()
            .executeBlocking(() -> count.promptTokens(forwarded, target.model()), false);
  }

  private void reserve(long promptTokens) {
    if (ended) {
      return;
    }
    long answerTokens = forwarded.answerTokens(target.settings().maxAnswerTokens());
    journey
        .means()
        .limits()
        .reserve(journey.call().account(), target.priceName(), promptTokens, answerTokens)
        .onSuccess(admittance -> reserved(admittance, promptTokens + answerTokens))
        .onFailure(this::broken);
  }

  private void reserved(Admittance admittance, long tokens) {
    switch (admittance) {
      case Admittance.Refused(Failure failure, RateHeaders headers) -> {
        if (!ended) {
          ended = true;
          journey.limited(failure, headers);
        }
      }
      case Admittance.Granted(Hold granted, RateHeaders headers) -> {
        if (ended) {
          granted.release();
          return;
        }
        hold = granted;
        journey.sink().onReserved(headers);
        call =
            journey
                .means()
                .clients()
                .apply(target.upstream())
                .call(
                    forwarded,
                    target.settings(),
                    tokens,
                    journey.leftMs(),
                    journey.attempts(),
                    this);
      }
    }
  }

  private void broken(Throwable cause) {
    if (!ended) {
      LOG.error("a request to upstream={} could not be prepared", target.upstream(), cause);
      ended = true;
      journey.failed(
          new Failure.EngineFailed("Counting the tokens failed; see the server's log."), false);
    }
  }

  @Override
  public void cancel() {
    if (ended) {
      return;
    }
    ended = true;
    if (call != null) {
      call.cancel();
      call.used().onSuccess(this::settle);
    } else {
      settle(new Usage(0, 0, 0));
    }
  }

  @Override
  public void pause() {
    if (call != null && !ended) {
      call.pause();
    }
  }

  @Override
  public void resume() {
    if (call != null && !ended) {
      call.resume();
    }
  }

  @Override
  public void onPiece(ForwardedPiece piece) {
    if (!answering) {
      answering = true;
      journey.said();
      journey.sink().onAccepted();
      journey.sink().onFlow(this);
    }
    journey.sink().onForwarded(piece);
  }

  @Override
  public void onEnd(Usage usage) {
    ended = true;
    settle(usage);
    journey.complete(usage);
  }

  @Override
  public void onFailure(UpstreamFailure failure, Usage usage) {
    ended = true;
    settle(usage);
    journey.failed(failure.failure(), failure.elsewhere());
  }

  private void settle(Usage usage) {
    if (hold != null) {
      hold.end(usage);
    }
  }
}
