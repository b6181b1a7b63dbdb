package io.fullbore.engine;

import io.fullbore.core.RequestId;
import io.fullbore.core.SamplingParams;
import java.util.Map;
import java.util.Set;

/** Makes requests for tests. */
final class Requests {
  private Requests() {}

  static GenerationRequest greedy(long id, int[] prompt, int maxTokens) {
    return greedy(id, "tenant", prompt, maxTokens, Set.of());
  }

  static GenerationRequest greedy(
      long id, String tenant, int[] prompt, int maxTokens, Set<Integer> stopTokens) {
    return new GenerationRequest(
        new RequestId(id), "api.test", tenant, prompt, params(maxTokens, stopTokens, -1, -1));
  }

  /** A penalty so strong that no token comes again before all others have come. */
  static GenerationRequest withPresencePenalty(long id, int[] prompt, int maxTokens) {
    return new GenerationRequest(
        new RequestId(id), "api.test", "tenant", prompt, params(maxTokens, 10, Set.of()));
  }

  static SamplingParams params(int maxTokens, float presencePenalty, Set<Integer> stopTokens) {
    return new SamplingParams(
        0, 0, 1, 0, presencePenalty, 0, 1, Map.of(), 1, maxTokens, stopTokens, -1, -1);
  }

  static SamplingParams params(
      int maxTokens, Set<Integer> stopTokens, int topLogprobs, int promptLogprobs) {
    return new SamplingParams(
        0, 0, 1, 0, 0, 0, 1, Map.of(), 1, maxTokens, stopTokens, topLogprobs, promptLogprobs);
  }
}
