package io.fullbore.http;

import io.fullbore.serving.AnswerSink;

/** Writes one answer to one HTTP response. */
interface ResponseSink extends AnswerSink {
  /** The reader has gone: nothing may be written any more, and nothing may be left behind. */
  void disconnected();
}
