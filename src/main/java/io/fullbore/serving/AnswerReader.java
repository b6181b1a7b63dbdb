package io.fullbore.serving;

import io.fullbore.cache.StoredAnswer;

/**
 * A sink for answers that may also be remembered ones: {@link #onSource} comes first unless the
 * request fails before; after {@link #onStored} comes nothing.
 */
public interface AnswerReader extends AnswerSink {
  /** Where the events that follow come from. */
  void onSource(AnswerSource source);

  /** The whole answer. */
  void onStored(StoredAnswer answer);
}
