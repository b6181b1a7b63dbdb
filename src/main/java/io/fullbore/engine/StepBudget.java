package io.fullbore.engine;

/**
 * How many tokens the next step may hold so that it takes about a target time: keeps the gaps
 * between the tokens of running streams short while a long prompt is computed, and lets a cancelled
 * sequence go soon. Learns the time per token from the steps themselves.
 */
final class StepBudget {
  /**
   * Prompt tokens that go into every step, however many sequences decode: smaller chunks would
   * waste the decoding of weights that all rows of a step share, and none at all would starve
   * prompts.
   */
  private static final int MIN_PROMPT_TOKENS = 16;

  private static final double NEW_SAMPLE_WEIGHT = 0.3;

  private final long targetNanos;
  private final int maxTokens;
  private double nanosPerToken;

  StepBudget(long targetNanos, int maxTokens) {
    this.targetNanos = targetNanos;
    this.maxTokens = maxTokens;
    this.nanosPerToken = (double) targetNanos / MIN_PROMPT_TOKENS;
  }

  /**
   * Tokens of the whole step.
   *
   * @param decodeTokens how many of them are taken already, one per sequence that decodes
   */
  int tokens(int decodeTokens) {
    int least = Math.min(decodeTokens + MIN_PROMPT_TOKENS, maxTokens);
    return Math.clamp((long) (targetNanos / nanosPerToken), least, maxTokens);
  }

  /** Takes in that a step of {@code tokenCount} tokens took {@code nanos}. */
  void measured(int tokenCount, long nanos) {
    if (tokenCount >= MIN_PROMPT_TOKENS && nanos > 0) {
      double sample = (double) nanos / tokenCount;
      nanosPerToken += NEW_SAMPLE_WEIGHT * (sample - nanosPerToken);
    }
  }
}
