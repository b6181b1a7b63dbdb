package io.fullbore.sampling;

import org.jspecify.annotations.Nullable;

/**
 * One token of an answer or a prompt.
 *
 * @param id the token
 * @param logprobs its log-probabilities, null where not asked for
 */
public record ScoredToken(int id, @Nullable TokenLogprobs logprobs) {}
