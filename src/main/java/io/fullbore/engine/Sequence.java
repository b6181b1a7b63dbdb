package io.fullbore.engine;

import io.fullbore.core.SamplingParams;
import io.fullbore.core.Usage;
import io.fullbore.kv.BlockHash;
import io.fullbore.kv.BlockTable;
import io.fullbore.sampling.TokenHistory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A sequence in the engine: its tokens, how many of them are in the KV cache, and its blocks.
 *
 * <pre>
 *   tokens     [ prompt ............ ][ answer .... ]
 *   computed   [ in the KV cache .............. ]      pending = tokens - computed
 *
 *   pending > 1: prefill, or recompute after a preemption      pending = 1: decode
 * </pre>
 *
 * <p>Owned by the engine thread.
 */
final class Sequence implements TokenHistory {
  private final GenerationRequest request;
  private final BlockHash prefixRoot;

  /** Order among all sequences: the smaller goes first; see {@link Scheduler}. */
  private final long finishTag;

  private final long arrival;
  private final List<BlockHash> hashChain = new ArrayList<>(); // [full block]
  private final BlockTable blocks = new BlockTable();
  private int[] tokens;
  private int tokenCount;
  private int computedCount;
  private int publishedBlocks;
  private int cachedTokens = -1;
  private int scoredCount = 1;

  Sequence(GenerationRequest request, BlockHash prefixRoot, long finishTag, long arrival) {
    this.request = request;
    this.prefixRoot = prefixRoot;
    this.finishTag = finishTag;
    this.arrival = arrival;
    this.tokens = request.prompt();
    this.tokenCount = tokens.length;
  }

  GenerationRequest request() {
    return request;
  }

  SamplingParams params() {
    return request.params();
  }

  BlockHash prefixRoot() {
    return prefixRoot;
  }

  long finishTag() {
    return finishTag;
  }

  /** Number of the sequence in the order of arrival. */
  long arrival() {
    return arrival;
  }

  List<BlockHash> hashChain() {
    return hashChain;
  }

  BlockTable blocks() {
    return blocks;
  }

  /** All tokens; only the first {@link #tokenCount()} count. Read only. */
  int[] tokens() {
    return tokens;
  }

  @Override
  public int tokenCount() {
    return tokenCount;
  }

  @Override
  public int promptTokenCount() {
    return request.prompt().length;
  }

  @Override
  public int token(int index) {
    return tokens[index];
  }

  int computedCount() {
    return computedCount;
  }

  int pendingCount() {
    return tokenCount - computedCount;
  }

  int answerCount() {
    return tokenCount - promptTokenCount();
  }

  /** Whether the prompt's own log-probabilities are still wanted, which takes all its logits. */
  boolean scoresPrompt() {
    return params().promptLogprobs() >= 0 && scoredCount < promptTokenCount();
  }

  /** Prompt tokens whose log-probabilities have been reported; the first one has none. */
  int scoredCount() {
    return scoredCount;
  }

  void setScoredCount(int count) {
    scoredCount = count;
  }

  void append(int token) {
    if (tokenCount == tokens.length) {
      int room = Math.min(Math.max(16, tokenCount / 2), params().maxTokens());
      tokens = Arrays.copyOf(tokens, tokenCount + Math.max(1, room));
    }
    tokens[tokenCount++] = token;
  }

  /** The first {@code count} tokens were found in the cache. */
  void startAt(int count) {
    computedCount = count;
    publishedBlocks = 0;
    if (cachedTokens < 0) {
      cachedTokens = count;
    }
  }

  void advance(int count) {
    computedCount += count;
  }

  /** The KV is gone and has to be computed again. */
  void restart() {
    computedCount = 0;
  }

  int publishedBlocks() {
    return publishedBlocks;
  }

  void setPublishedBlocks(int count) {
    publishedBlocks = count;
  }

  Usage usage() {
    return new Usage(promptTokenCount(), Math.max(0, cachedTokens), answerCount());
  }
}
