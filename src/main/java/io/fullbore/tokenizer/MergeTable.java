package io.fullbore.tokenizer;

/**
 * Which two adjacent symbols may become one, and which pair goes first. Immutable once built.
 *
 * @param merges (left symbol, right symbol) to the number of the merge
 * @param rank [merge], not negative; the lowest goes first, the leftmost among equals
 * @param merged [merge] the symbol that results
 */
record MergeTable(PairTable merges, int[] rank, int[] merged) {}
