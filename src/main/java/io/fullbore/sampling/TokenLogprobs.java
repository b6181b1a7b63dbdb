package io.fullbore.sampling;

import java.util.Arrays;

/**
 * The natural-log probability of one token under the model's own distribution (temperature,
 * penalties and filters left out) and the likeliest alternatives.
 *
 * @param token the token chosen or given
 * @param logprob its log-probability
 * @param topTokens the likeliest ids, likeliest first, ties by lower id
 * @param topLogprobs their log-probabilities, same order
 */
public record TokenLogprobs(int token, float logprob, int[] topTokens, float[] topLogprobs) {
  @Override
  public boolean equals(Object other) {
    return other instanceof TokenLogprobs that
        && token == that.token
        && logprob == that.logprob
        && Arrays.equals(topTokens, that.topTokens)
        && Arrays.equals(topLogprobs, that.topLogprobs);
  }

  @Override
  public int hashCode() {
    return 31 * token + Float.hashCode(logprob);
  }
}
