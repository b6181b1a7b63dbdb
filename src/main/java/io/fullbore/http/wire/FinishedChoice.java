package io.fullbore.http.wire;

import io.fullbore.core.FinishReason;
import io.fullbore.sampling.ScoredToken;
import java.util.List;

/**
 * One complete choice of an answer.
 *
 * @param text what was generated
 * @param prompt the prompt's tokens; empty where their log-probabilities were not asked for
 * @param tokens the generated tokens
 */
public record FinishedChoice(
    String text, List<ScoredToken> prompt, List<ScoredToken> tokens, FinishReason reason) {
  public FinishedChoice {
    prompt = List.copyOf(prompt);
    tokens = List.copyOf(tokens);
  }
}
