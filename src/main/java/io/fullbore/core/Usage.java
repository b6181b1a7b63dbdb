package io.fullbore.core;

/**
 * Tokens a request has used.
 *
 * @param promptTokens tokens of the prompt, cached ones included
 * @param cachedTokens prompt tokens whose KV was found in the prefix cache
 * @param completionTokens tokens generated
 * @param reasoningTokens tokens among those that are the model's reasoning
 */
public record Usage(int promptTokens, int cachedTokens, int completionTokens, int reasoningTokens) {
  public Usage {
    if (promptTokens < 0 || completionTokens < 0 || cachedTokens < 0 || reasoningTokens < 0) {
      throw new IllegalArgumentException(
          "promptTokens=%d cachedTokens=%d completionTokens=%d reasoningTokens=%d must not be negative"
              .formatted(promptTokens, cachedTokens, completionTokens, reasoningTokens));
    }
  }

  /** Without reasoning. */
  public Usage(int promptTokens, int cachedTokens, int completionTokens) {
    this(promptTokens, cachedTokens, completionTokens, 0);
  }

  public int totalTokens() {
    return promptTokens + completionTokens;
  }
}
