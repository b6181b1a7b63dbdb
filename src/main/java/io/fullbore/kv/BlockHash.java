package io.fullbore.kv;

/**
 * Identifies the content of one full KV block: its tokens, everything before them, and the tenant's
 * salt. 128 bits of a SHA-256 chain, so that two contents never meet by chance or by intent.
 */
public record BlockHash(long high, long low) {}
