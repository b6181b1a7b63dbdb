package io.fullbore.serving;

import io.fullbore.sampling.TokenLogprobs;
import org.jspecify.annotations.Nullable;

/**
 * One token of an answer or a prompt.
 *
 * @param id the token
 * @param logprobs its log-probabilities, null where not asked for
 */
public record ScoredToken(int id, @Nullable TokenLogprobs logprobs) {}
