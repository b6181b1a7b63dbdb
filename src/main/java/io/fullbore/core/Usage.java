package io.fullbore.core;

/**
 * Tokens a request has used.
 *
 * @param promptTokens tokens of the prompt, cached ones included
 * @param cachedTokens prompt tokens whose KV was found in the prefix cache
 * @param completionTokens tokens generated
 */
public record Usage(int promptTokens, int cachedTokens, int completionTokens) {
  public Usage {
    if (promptTokens < 0 || completionTokens < 0 || cachedTokens < 0) {
      throw new IllegalArgumentException(
          "promptTokens=%d cachedTokens=%d completionTokens=%d must not be negative"
              .formatted(promptTokens, cachedTokens, completionTokens));
    }
  }

  public int totalTokens() {
    return promptTokens + completionTokens;
  }
}
