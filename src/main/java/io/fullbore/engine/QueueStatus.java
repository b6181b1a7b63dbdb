package io.fullbore.engine;

/**
 * Whether a model version's queue takes requests, published on {@code batch.status} whenever that
 * changes: lets API instances refuse before they have rendered and tokenised a prompt.
 *
 * @param full whether no request fits at present
 * @param retryAfterMs about how long requests wait now
 */
public record QueueStatus(String version, boolean full, long retryAfterMs) {}
