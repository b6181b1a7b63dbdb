package io.fullbore.backend;

import io.fullbore.sampling.TokenLogprobs;
import org.jspecify.annotations.Nullable;

/**
 * What a step gave, by logit row of its {@link StepBatch}.
 *
 * @param tokens the chosen token, -1 where the logits hold no finite maximum or no token was wanted
 *     [logitRow]
 * @param logprobs those of the chosen or the scored token, null where not wanted or where no token
 *     could be chosen [logitRow]
 */
public record StepResult(int[] tokens, @Nullable TokenLogprobs[] logprobs) {
  public StepResult {
    if (tokens.length != logprobs.length) {
      throw new IllegalArgumentException(
          "tokens.length=%d logprobs.length=%d must be equal"
              .formatted(tokens.length, logprobs.length));
    }
  }
}
