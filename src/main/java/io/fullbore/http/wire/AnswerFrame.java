package io.fullbore.http.wire;

import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Usage;

/**
 * How one endpoint spells what an {@link AnswerFormat} does not: an answer that comes from
 * elsewhere in OpenAI's form, a stream's last word, and what keeps it alive. One per answer, used
 * by one thread at a time.
 */
public interface AnswerFrame {
  /**
   * A piece of a stream from elsewhere.
   *
   * @return server-sent events, maybe none
   */
  String piece(ForwardedPiece piece);

  /**
   * What ends every stream that was not cut, after the last piece or after {@link
   * AnswerFormat#usage}.
   *
   * @param usage of the whole answer
   */
  String done(Usage usage);

  /** A whole answer from elsewhere: one JSON object, which is no event. */
  String whole(ForwardedPiece piece, Usage usage);

  /** The last event of a stream that broke off and was not a local model's, or not yet. */
  default String failure(ApiError error) {
    return error.event();
  }

  /** What a stream in which nothing happens is kept open with. */
  String keepAlive();
}
