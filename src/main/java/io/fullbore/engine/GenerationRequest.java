package io.fullbore.engine;

import io.fullbore.core.RequestId;
import io.fullbore.core.SamplingParams;
import java.util.Arrays;

/**
 * One sequence to generate: one choice of an API request.
 *
 * @param id names the sequence in every event
 * @param replyTo bus address of the API instance that gets the events
 * @param tenant salt of the prefix cache; sequences of different tenants share no KV
 * @param prompt token ids, at least one; not changed by anybody
 * @param params how to choose tokens and when to stop
 */
public record GenerationRequest(
    RequestId id, String replyTo, String tenant, int[] prompt, SamplingParams params) {
  public GenerationRequest {
    if (prompt.length == 0) {
      throw new IllegalArgumentException("the prompt holds no token");
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GenerationRequest that
        && id.equals(that.id)
        && replyTo.equals(that.replyTo)
        && tenant.equals(that.tenant)
        && Arrays.equals(prompt, that.prompt)
        && params.equals(that.params);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }
}
