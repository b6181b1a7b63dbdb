package io.fullbore.http.wire;

import io.fullbore.chat.ChatMessage.ToolCall;
import io.fullbore.core.FinishReason;
import io.fullbore.sampling.ScoredToken;
import java.util.List;

/**
 * One complete choice of an answer.
 *
 * @param text what was generated, reasoning and calls left out
 * @param reasoning empty for none
 * @param calls of tools, in order
 * @param prompt the prompt's tokens; empty where their log-probabilities were not asked for
 * @param tokens the generated tokens
 */
public record FinishedChoice(
    String text,
    String reasoning,
    List<ToolCall> calls,
    List<ScoredToken> prompt,
    List<ScoredToken> tokens,
    FinishReason reason) {
  public FinishedChoice {
    calls = List.copyOf(calls);
    prompt = List.copyOf(prompt);
    tokens = List.copyOf(tokens);
  }
}
