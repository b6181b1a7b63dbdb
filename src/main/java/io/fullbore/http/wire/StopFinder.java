package io.fullbore.http.wire;

import io.fullbore.sampling.ScoredToken;
import io.fullbore.tokenizer.Detokenizer;
import io.fullbore.tokenizer.Tokenizer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tells which stop string ended an answer: it is not part of the text, but its tokens are part of
 * the tokens. One per answer.
 */
final class StopFinder {
  private final List<String> stops;
  private final Detokenizer detokenizer;
  private final int longest;
  private final StringBuilder tail = new StringBuilder(); // no more than can hold a stop string

  StopFinder(List<String> stops, Tokenizer tokenizer) {
    this.stops = stops;
    this.detokenizer = tokenizer.detokenizer(false, false);
    this.longest = stops.stream().mapToInt(String::length).max().orElse(0);
  }

  void accept(List<ScoredToken> tokens) {
    if (stops.isEmpty()) {
      return;
    }
    for (ScoredToken token : tokens) {
      tail.delete(0, Math.max(0, tail.length() - longest + 1)); // holds no whole stop string yet
      tail.append(detokenizer.accept(token.id()));
    }
  }

  /** The stop string that the last token completed, or null. */
  @Nullable String found() {
    String found = null;
    int first = Integer.MAX_VALUE;
    for (String stop : stops) {
      int at = tail.indexOf(stop);
      if (at >= 0 && at < first) {
        first = at;
        found = stop;
      }
    }
    return found;
  }
}
