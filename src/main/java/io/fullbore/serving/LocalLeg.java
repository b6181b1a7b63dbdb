package io.fullbore.serving;

import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Origin;
import io.fullbore.core.Usage;
import io.fullbore.limits.RateHeaders;
import io.fullbore.sampling.ScoredToken;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A local model that is asked. Confined to one event loop. */
final class LocalLeg implements Journey.Leg, AnswerSink {
  private final Journey journey;
  private final String model;
  private final Patience patience;
  private @Nullable Answer answer;

  LocalLeg(Journey journey, String model, Patience patience) {
    this.journey = journey;
    this.model = model;
    this.patience = patience;
  }

  @Override
  public void start() {
    CompletionCall call = Objects.requireNonNull(journey.call().local());
    answer = journey.means().local().complete(call, model, patience, this);
  }

  @Override
  public void cancel() {
    if (answer != null) {
      answer.cancel();
    }
  }

  @Override
  public void onServedBy(Origin origin) {
    journey.sink().onServedBy(origin);
  }

  @Override
  public void onReserved(RateHeaders headers) {
    journey.sink().onReserved(headers);
  }

  @Override
  public void onLimited(Failure failure, RateHeaders headers) {
    journey.limited(failure, headers);
  }

  @Override
  public void onAccepted() {
    journey.sink().onAccepted();
  }

  @Override
  public void onForwarded(ForwardedPiece piece) {
    throw new IllegalStateException("a local model forwards nothing");
  }

  @Override
  public void onPrompt(int choice, List<ScoredToken> prompt) {
    journey.said();
    journey.sink().onPrompt(choice, prompt);
  }

  @Override
  public void onDelta(int choice, AnswerPart part, List<ScoredToken> tokens) {
    journey.said();
    journey.sink().onDelta(choice, part, tokens);
  }

  @Override
  public void onChoiceEnd(int choice, FinishReason reason) {
    journey.said();
    journey.sink().onChoiceEnd(choice, reason);
  }

  @Override
  public void onEnd(Usage usage) {
    journey.complete(usage);
  }

  @Override
  public void onFailure(Failure failure) {
    boolean over = failure instanceof Failure.TimedOut || failure instanceof Failure.Cancelled;
    journey.failed(failure, !over);
  }
}
