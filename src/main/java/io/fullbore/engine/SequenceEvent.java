package io.fullbore.engine;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.RequestId;
import io.fullbore.core.Usage;
import io.fullbore.sampling.TokenLogprobs;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What happens to one sequence, in order: prompt log-probabilities where asked for, the prompt's
 * end, tokens, and exactly one terminal event, {@link Finished} or {@link Failed}.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(SequenceEvent.PromptScored.class),
  @JsonSubTypes.Type(SequenceEvent.PromptComputed.class),
  @JsonSubTypes.Type(SequenceEvent.Token.class),
  @JsonSubTypes.Type(SequenceEvent.Finished.class),
  @JsonSubTypes.Type(SequenceEvent.Failed.class)
})
public sealed interface SequenceEvent {
  RequestId id();

  /**
   * The log-probabilities of the prompt's tokens from the second on; comes in pieces as chunks of
   * the prompt are computed.
   */
  record PromptScored(RequestId id, List<TokenLogprobs> logprobs) implements SequenceEvent {}

  /** The whole prompt is in the KV cache; the first token follows. */
  record PromptComputed(RequestId id, int cachedTokens) implements SequenceEvent {}

  /**
   * One generated token.
   *
   * @param logprobs null where not asked for
   */
  record Token(RequestId id, int token, @Nullable TokenLogprobs logprobs)
      implements SequenceEvent {}

  /** The sequence ended by itself. */
  record Finished(RequestId id, FinishReason reason, Usage usage) implements SequenceEvent {}

  /** The sequence ended without an answer. */
  record Failed(RequestId id, Failure failure) implements SequenceEvent {}
}
