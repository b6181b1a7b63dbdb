package io.fullbore.engine;

/**
 * How many tokens the next step may hold so that it takes about a target time: keeps the gaps
 * between the tokens of running streams short while a long prompt is computed, and lets a cancelled
 * sequence go soon. Learns the time per token from the steps themselves.
 */
final class StepBudget {
  /** Smaller chunks would waste the decoding of weights that all rows of a step share. */
  private static final int MIN_TOKENS = 16;

  private static final double NEW_SAMPLE_WEIGHT = 0.3;

  private final long targetNanos;
  private final int maxTokens;
  private double nanosPerToken;

  StepBudget(long targetNanos, int maxTokens) {
    this.targetNanos = targetNanos;
    this.maxTokens = maxTokens;
    this.nanosPerToken = (double) targetNanos / MIN_TOKENS;
  }

  int tokens() {
    return Math.clamp(
        (long) (targetNanos / nanosPerToken), Math.min(MIN_TOKENS, maxTokens), maxTokens);
  }

  /** Takes in that a step of {@code tokenCount} tokens took {@code nanos}. */
  void measured(int tokenCount, long nanos) {
    if (tokenCount >= MIN_TOKENS) {
      double sample = (double) nanos / tokenCount;
      nanosPerToken += NEW_SAMPLE_WEIGHT * (sample - nanosPerToken);
    }
  }
}
