package io.fullbore.chat.answer;

/**
 * Reads what follows the marker of a call, character by character, and tells a {@link CallSink}
 * what it finds. One per marker.
 */
sealed interface CallReader permits ObjectCalls, ListedCalls {
  /** What a character means. */
  enum Step {
    /** More may follow. */
    MORE,
    /** The calls end with it. */
    DONE,
    /** It and all that the sink has not heard of yet are none of a call. */
    BACK
  }

  Step accept(char c);

  /** Takes a control token that is one of the format's markers. */
  Step marker(String token);

  /** The answer is over: a call that lacks nothing but its end is complete. */
  void finish();

  /** Whether nothing but the format's own signs have come since the last call. */
  boolean between();
}
