package io.fullbore.engine;

import io.fullbore.core.RequestId;
import io.fullbore.kv.BlockHash;
import io.fullbore.kv.KvCache;
import io.fullbore.kv.PrefixHasher;
import io.fullbore.sampling.grammar.TokenGrammar;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Decides which tokens of which sequences each step computes, and who holds which KV blocks.
 *
 * <p><b>A step</b> holds one token of every sequence that decodes, then chunks of prompts up to the
 * token budget, so a long prompt delays the others by one chunk at a time.
 *
 * <p><b>Order.</b> A sequence gets a finish tag when it arrives: the prompt tokens computed so far
 * by the engine plus its own. Smaller tags go first. A short prompt overtakes a long one that came
 * shortly before, and nobody starves, since the tags of later arrivals grow with the work done
 * (virtual finish times as in weighted fair queueing; Demers, Keshav & Shenker, 1989).
 *
 * <p><b>Blocks.</b> A sequence is admitted when the free blocks hold all its tokens, less what the
 * prefix cache has. While it decodes it grows by a block at a time; when none is free, the running
 * sequence with the largest tag is preempted: it gives all blocks back and is computed again later,
 * less what the prefix cache still has then. The sequence with the smallest tag is never preempted
 * for another, so there is always progress. A sequence whose next block is just being computed by
 * another one waits for that block instead of computing it twice.
 *
 * <p><b>Steps in flight.</b> A step may be planned while the one before it runs. A sequence that
 * the running step completes can decode on with its unknown token; but not when that may be its
 * last, nor when penalties or a grammar make the next choice depend on it. Then it sits one step
 * out. A sequence that was preempted waits for its unknown token. Blocks are given away at once:
 * steps run in order.
 *
 * <p>Invariant: every sequence is either waiting without blocks or running. Owned by the engine
 * thread.
 */
final class Scheduler {
  private static final Comparator<Sequence> BY_TAG =
      Comparator.comparingLong(Sequence::finishTag).thenComparingLong(Sequence::arrival);

  /** Tokens by which later arrivals can be ahead of a sequence at most. */
  private static final int MAX_HEAD_START = 2_048;

  /** Bounds the logits of a step where prompts are scored: rows, each as wide as the vocabulary. */
  private static final int MAX_SCORED_ROWS = 32;

  private final KvCache cache;
  private final PrefixHasher hasher;
  private final int maxRunning;
  private final TreeSet<Sequence> waiting = new TreeSet<>(BY_TAG);
  private final TreeSet<Sequence> running = new TreeSet<>(BY_TAG);
  private final Map<RequestId, Sequence> byId = new HashMap<>();

  /** Blocks that a running sequence will have computed soon. */
  private final Map<BlockHash, Sequence> inComputation = new HashMap<>();

  private final StepPlan plan = new StepPlan();
  private long arrivals;
  private long tokensHandled;
  private long promptTokensComputed;
  private int scoredRows;
  private long preemptionCount;

  Scheduler(KvCache cache, int maxRunning) {
    this.cache = cache;
    this.hasher = new PrefixHasher(cache.blockTokens());
    this.maxRunning = maxRunning;
  }

  /**
   * Takes a new sequence in; its prompt and answer together fit the cache.
   *
   * @param grammar of the request's constraint; null without one
   */
  void add(GenerationRequest request, @Nullable TokenGrammar grammar) {
    long tag = tokensHandled + Math.min(request.prompt().length, MAX_HEAD_START);
    Sequence sequence =
        new Sequence(request, grammar, hasher.root(request.tenant()), tag, arrivals++);
    if (byId.putIfAbsent(request.id(), sequence) != null) {
      throw new IllegalArgumentException("id=" + request.id() + " is in the engine already");
    }
    waiting.add(sequence);
  }

  /** Takes a sequence out, whatever its state, and frees its blocks. */
  @Nullable Sequence remove(RequestId id) {
    Sequence sequence = byId.remove(id);
    if (sequence != null && !waiting.remove(sequence)) {
      leave(sequence);
    }
    return sequence;
  }

  /** Plans the next step; the plan is valid until the next call. */
  StepPlan schedule(StepBudget budget) {
    plan.clear();
    scoredRows = 0;
    planDecodes();
    planPrompts(budget.tokens(plan.tokenCount()));
    return plan;
  }

  /** In the order of the tags, so that whoever is preempted here is not in the plan yet. */
  private void planDecodes() {
    for (Sequence sequence : List.copyOf(running)) {
      if (running.contains(sequence)
          && sequence.pendingCount() == 1
          && canDecode(sequence)
          && holdNext(sequence)) {
        plan.add(sequence, 1);
      }
    }
  }

  /** Whether the row of its last token can be in a step although that may be unknown. */
  private static boolean canDecode(Sequence sequence) {
    return !sequence.hasUnknown()
        || sequence.answerCount() < sequence.params().maxTokens()
            && !sequence.params().dependsOnHistory();
  }

  /** Grows the sequence by the block of its next token, preempting larger tags where it must. */
  private boolean holdNext(Sequence sequence) {
    while (!cache.grow(sequence.blocks(), sequence.tokenCount())) {
      Sequence victim = running.last();
      preempt(victim);
      if (victim == sequence) {
        return false;
      }
    }
    return true;
  }

  private void preempt(Sequence sequence) {
    leave(sequence);
    sequence.restart();
    waiting.add(sequence);
    preemptionCount++;
  }

  /** Goes through running prompts and waiting sequences together, in the order of their tags. */
  private void planPrompts(int tokenBudget) {
    List<Sequence> prefills = running.stream().filter(s -> s.pendingCount() > 1).toList();
    int nextPrefill = 0;
    Sequence candidate = firstWaiting();
    while (plan.tokenCount() < tokenBudget
        && (candidate != null || nextPrefill < prefills.size())) {
      int room = tokenBudget - plan.tokenCount();
      if (candidate == null
          || nextPrefill < prefills.size()
              && BY_TAG.compare(prefills.get(nextPrefill), candidate) < 0) {
        Sequence sequence = prefills.get(nextPrefill++);
        planChunk(sequence, room);
        continue;
      }
      Sequence afterwards = waiting.higher(candidate);
      switch (admit(candidate)) {
        case ADMITTED -> planChunk(candidate, room);
        case HELD -> {}
        case NO_ROOM -> afterwards = null;
      }
      candidate = afterwards;
    }
  }

  private void planChunk(Sequence sequence, int room) {
    int count = Math.min(room, sequence.pendingCount());
    if (sequence.scoresPrompt()) {
      count = Math.min(count, MAX_SCORED_ROWS - scoredRows);
      scoredRows += count;
    }
    if (count > 0) {
      plan.add(sequence, count);
    }
  }

  private @Nullable Sequence firstWaiting() {
    return waiting.isEmpty() ? null : waiting.first();
  }

  private enum Admittance {
    ADMITTED,
    /** Its last token, or its next block by another sequence, is just being computed. */
    HELD,
    /** Slots or blocks are used up, also for all that come after it. */
    NO_ROOM
  }

  private Admittance admit(Sequence sequence) {
    if (running.size() >= maxRunning) {
      return Admittance.NO_ROOM;
    }
    if (sequence.hasUnknown()) {
      return Admittance.HELD;
    }
    hasher.extend(
        sequence.prefixRoot(), sequence.hashChain(), sequence.tokens(), sequence.tokenCount());
    int matched = matchedBlocks(sequence);
    if (waitsForAnother(sequence, matched)) {
      return Admittance.HELD;
    }
    if (!cache.allocate(sequence.blocks(), sequence.hashChain(), matched, sequence.tokenCount())) {
      return Admittance.NO_ROOM;
    }
    waiting.remove(sequence);
    running.add(sequence);
    sequence.startAt(matched * cache.blockTokens());
    tokensHandled += (long) matched * cache.blockTokens();
    sequence.setPublishedBlocks(matched);
    announce(sequence, matched);
    return Admittance.ADMITTED;
  }

  /** Cached leading blocks that can be used. */
  private int matchedBlocks(Sequence sequence) {
    if (sequence.scoresPrompt()) {
      return 0;
    }
    return cache.matchedBlocks(sequence.hashChain(), usableBlocks(sequence));
  }

  /** Full blocks that leave at least one token to compute. */
  private int usableBlocks(Sequence sequence) {
    return (sequence.tokenCount() - 1) / cache.blockTokens();
  }

  private boolean waitsForAnother(Sequence sequence, int matched) {
    return cache.reusesPrefixes()
        && !sequence.scoresPrompt()
        && matched < usableBlocks(sequence)
        && inComputation.containsKey(sequence.hashChain().get(matched));
  }

  private void announce(Sequence sequence, int matched) {
    for (int i = matched; i < sequence.hashChain().size(); i++) {
      inComputation.putIfAbsent(sequence.hashChain().get(i), sequence);
    }
  }

  /** Whether the sequence is in the engine still. */
  boolean holds(Sequence sequence) {
    return byId.get(sequence.request().id()) == sequence;
  }

  /** The step of {@code part} was awaited and has not failed. */
  void computed(StepPlan.Part part) {
    int promptLeft = Math.max(0, part.sequence().promptTokenCount() - part.from());
    promptTokensComputed += Math.min(part.tokenCount(), promptLeft);
    tokensHandled += part.tokenCount();
    if (part.isCurrent()) {
      publish(part.sequence(), part.end());
    }
  }

  private void publish(Sequence sequence, int computedCount) {
    int fullBlocks = computedCount / cache.blockTokens();
    if (fullBlocks > sequence.publishedBlocks()) {
      hasher.extend(sequence.prefixRoot(), sequence.hashChain(), sequence.tokens(), computedCount);
      for (int i = sequence.publishedBlocks(); i < fullBlocks; i++) {
        BlockHash hash = sequence.hashChain().get(i);
        cache.publish(sequence.blocks(), i, hash);
        inComputation.remove(hash, sequence);
      }
      sequence.setPublishedBlocks(fullBlocks);
    }
  }

  private void leave(Sequence sequence) {
    running.remove(sequence);
    cache.release(sequence.blocks());
    for (int i = sequence.publishedBlocks(); i < sequence.hashChain().size(); i++) {
      inComputation.remove(sequence.hashChain().get(i), sequence);
    }
  }

  /** All sequences, running ones first. */
  List<Sequence> sequences() {
    List<Sequence> all = new ArrayList<>(running);
    all.addAll(waiting);
    return all;
  }

  boolean isEmpty() {
    return byId.isEmpty();
  }

  int runningCount() {
    return running.size();
  }

  int waitingCount() {
    return waiting.size();
  }

  /** Prompt tokens computed so far; those found in the cache don't count. */
  long promptTokensComputed() {
    return promptTokensComputed;
  }

  long preemptionCount() {
    return preemptionCount;
  }
}
