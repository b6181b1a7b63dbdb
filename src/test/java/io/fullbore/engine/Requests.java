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

  static SamplingParams params(
      int maxTokens, Set<Integer> stopTokens, int topLogprobs, int promptLogprobs) {
    return new SamplingParams(
        0, 0, 1, 0, 0, 0, 1, Map.of(), 1, maxTokens, stopTokens, topLogprobs, promptLogprobs);
  }
}
