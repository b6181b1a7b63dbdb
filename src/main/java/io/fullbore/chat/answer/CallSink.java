package io.fullbore.chat.answer;

/** Hears of the calls in an answer. */
interface CallSink {
  /**
   * A call begins.
   *
   * @return false where no such call is possible: it is text, and nothing has begun
   */
  boolean start(String name);

  /** More of the arguments of the call that began last. */
  void argument(char json);

  /** The call that began last is complete. */
  void end();
}
