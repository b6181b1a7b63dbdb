package io.fullbore.upstream;

import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Usage;

/**
 * Receives what an upstream answers, on the event loop that asked: pieces, then exactly one of
 * {@link #onEnd} and {@link #onFailure}, and nothing after it.
 */
public interface UpstreamSink {
  /** One piece of a stream, or the whole answer. */
  void onPiece(ForwardedPiece piece);

  /**
   * The answer is complete.
   *
   * @param usage as the upstream counted, or counted here where it does not say
   */
  void onEnd(Usage usage);

  /**
   * There is no answer, or no more of it. What was used may be known all the same.
   *
   * @param usage tokens of the pieces that came, at least
   */
  void onFailure(UpstreamFailure failure, Usage usage);
}
