package io.fullbore.serving;

import java.util.List;

/**
 * Finds stop strings in a text that arrives in pieces. Holds back what could be the beginning of a
 * stop string, so that nothing is shown that would have to be taken back. One per choice.
 */
final class StopMatcher {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  /**
   * @param stops none of them empty
   */
  StopMatcher(List<String> stops) {
    this.stops = stops;
  }

  /** Takes in more text and returns what is safe to show; nothing more once a stop was found. */
  String accept(String text) {
    if (stopped) {
      return "";
    }
    held.append(text);
    int stopAt = firstStop();
    if (stopAt >= 0) {
      stopped = true;
      return held.substring(0, stopAt);
    }
    int safe = held.length() - longestBeginning();
    String shown = held.substring(0, safe);
    held.delete(0, safe);
    return shown;
  }

  boolean stopped() {
    return stopped;
  }

  /** What is still held back when the answer ended otherwise. */
  String flush() {
    String rest = stopped ? "" : held.toString();
    held.setLength(0);
    return rest;
  }

  private int firstStop() {
    int first = -1;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      if (at >= 0 && (first < 0 || at < first)) {
        first = at;
      }
    }
    return first;
  }

  /** Length of the longest end of the held text that is the beginning of a stop string. */
  private int longestBeginning() {
    int longest = 0;
    for (String stop : stops) {
      for (int length = Math.min(stop.length() - 1, held.length()); length > longest; length--) {
        if (held.indexOf(stop.substring(0, length), held.length() - length) >= 0) {
          longest = length;
        }
      }
    }
    return longest;
  }
}
