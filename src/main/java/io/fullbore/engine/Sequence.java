package io.fullbore.engine;

import io.fullbore.backend.StepBatch;
import io.fullbore.core.SamplingParams;
import io.fullbore.core.Usage;
import io.fullbore.kv.BlockHash;
import io.fullbore.kv.BlockTable;
import io.fullbore.sampling.TokenHistory;
import io.fullbore.sampling.grammar.GrammarCursor;
import io.fullbore.sampling.grammar.TokenGrammar;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
 * <p>Tokens count as computed from when their step is begun, and the last ones of the answer are
 * unknown until the steps that choose them were awaited: one while a step is planned, two at most.
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
  private final @Nullable GrammarCursor cursor;
  private final StepBatch.Want.Token nextToken;
  private int[] tokens;
  private int tokenCount;
  private int computedCount;
  private int unknownCount;
  private int run;
  private int publishedBlocks;
  private int cachedTokens = -1;
  private int scoredCount = 1;

  Sequence(
      GenerationRequest request,
      @Nullable TokenGrammar grammar,
      BlockHash prefixRoot,
      long finishTag,
      long arrival) {
    this.request = request;
    this.prefixRoot = prefixRoot;
    this.finishTag = finishTag;
    this.arrival = arrival;
    this.tokens = request.prompt();
    this.tokenCount = tokens.length;
    this.cursor = grammar == null ? null : grammar.cursor(request.params().stopTokens(), this);
    this.nextToken = new StepBatch.Want.Token(request.params(), this, cursor);
  }

  /** Whether a constraint leaves nothing to add; all tokens are known. */
  boolean isComplete() {
    return cursor != null && cursor.isComplete();
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

  /** What a step that completes the sequence is asked for. */
  StepBatch.Want.Token nextToken() {
    return nextToken;
  }

  /**
   * All tokens; only the first {@link #tokenCount()} count, and of these the last are {@link
   * StepBatch#chosenBefore} while they are unknown. Read only.
   */
  int[] tokens() {
    return tokens;
  }

  /** The unknown ones included. */
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

  /** Tokens of the answer, the unknown ones included. */
  int answerCount() {
    return tokenCount - promptTokenCount();
  }

  /** Tokens of the answer that are known. */
  int knownAnswerCount() {
    return answerCount() - unknownCount;
  }

  /** Whether the last token is still being chosen. */
  boolean hasUnknown() {
    return unknownCount > 0;
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

  /** Adds the place of a token that a step just begun chooses. */
  void appendUnknown(int placeholder) {
    if (tokenCount == tokens.length) {
      int room = Math.min(Math.max(16, tokenCount / 2), params().maxTokens());
      tokens = Arrays.copyOf(tokens, tokenCount + Math.max(1, room));
    }
    tokens[tokenCount++] = placeholder;
    unknownCount++;
  }

  /** Fills the place of the oldest unknown token. */
  void fillUnknown(int token) {
    tokens[tokenCount - unknownCount] = token;
    unknownCount--;
  }

  /** Removes the places of all unknown tokens. */
  void forgetUnknown() {
    tokenCount -= unknownCount;
    unknownCount = 0;
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

  /** The KV from token {@code count} on has to be computed again, in the same blocks. */
  void rewindTo(int count) {
    computedCount = count;
  }

  /** The KV is gone and has to be computed again. */
  void restart() {
    computedCount = 0;
    run++;
  }

  /** Counts the restarts, to tell the steps of before from those of after. */
  int run() {
    return run;
  }

  int publishedBlocks() {
    return publishedBlocks;
  }

  void setPublishedBlocks(int count) {
    publishedBlocks = count;
  }

  Usage usage() {
    return new Usage(promptTokenCount(), Math.max(0, cachedTokens), knownAnswerCount());
  }
}
