package io.fullbore.sampling;

/** The tokens of one sequence as the sampler sees them: the prompt first, then the answer. */
public interface TokenHistory {
  /** Tokens of prompt and answer. */
  int tokenCount();

  /** Tokens of the prompt. */
  int promptTokenCount();

  int token(int index);
}
