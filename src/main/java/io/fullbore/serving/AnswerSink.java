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

/**
 * Receives one answer on the API instance's event loop, in this order: {@link #onAccepted} once,
 * prompts and deltas, one {@link #onChoiceEnd} per choice, then {@link #onEnd}; or {@link
 * #onForwarded} in place of all between. {@link #onFailure} may come at any point instead of what
 * is left. Exactly one of {@code onEnd} and {@code onFailure} is called, and nothing after it.
 */
public interface AnswerSink {
  /** What the account may still use; at most once, before {@link #onAccepted}. */
  default void onReserved(RateHeaders headers) {}

  /** The account's limits do not allow the request: a failure, and the last call. */
  default void onLimited(Failure failure, RateHeaders headers) {
    onReserved(headers);
    onFailure(failure);
  }

  /**
   * Who is asked; before anything of the answer, and again where somebody else takes over because
   * nothing came of it.
   */
  default void onServedBy(Origin origin) {}

  /** The request waits in the engine's queue; nothing is known to stand against it. */
  void onAccepted();

  /**
   * How to hold up an answer that comes from elsewhere, whose pieces follow. Who never uses it must
   * bound what it keeps.
   */
  default void onFlow(AnswerFlow flow) {}

  /** A piece of an answer from elsewhere, to be passed on as it is. */
  void onForwarded(ForwardedPiece piece);

  /**
   * Log-probabilities of a prompt, complete, before the first delta of the choice; only where asked
   * for. The first token's entry has none.
   */
  void onPrompt(int choice, List<ScoredToken> prompt);

  /**
   * More of a choice: a part of it, tokens, or both; parts may lag behind the tokens. Tokens alone
   * come with a text that is empty.
   */
  void onDelta(int choice, AnswerPart part, List<ScoredToken> tokens);

  void onChoiceEnd(int choice, FinishReason reason);

  void onEnd(Usage usage);

  void onFailure(Failure failure);
}
