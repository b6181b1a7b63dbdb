package io.fullbore.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * What one step computes: for each sequence how many of its pending tokens. Filled by the
 * scheduler, read by the engine, reused for every step.
 */
final class StepPlan {
  /**
   * One sequence's share of a step, as it was when the step was planned; the sequence itself goes
   * on while the step runs.
   *
   * <pre>
   *   tokens     [ ... ][ from ...... end ][ ... ]      rows of the step
   *   scored        [ scoredFrom .. scoredTo ]          each foretold by the row before it
   * </pre>
   *
   * @param run the sequence's {@link Sequence#run}; when it has another one meanwhile, its KV is
   *     not the one that the step wrote
   * @param from the first token, tokenCount of them in all
   * @param completes whether the sequence is complete after this step
   * @param choosesNext whether its next token is chosen then
   * @param scoredFrom the first prompt token whose log-probabilities are wanted
   * @param scoredTo where they end; {@code scoredFrom} when none are wanted
   */
  record Part(
      Sequence sequence,
      int run,
      int from,
      int tokenCount,
      boolean completes,
      boolean choosesNext,
      int scoredFrom,
      int scoredTo) {
    static Part of(Sequence sequence, int tokenCount) {
      int from = sequence.computedCount();
      int end = from + tokenCount;
      boolean completes = tokenCount == sequence.pendingCount();
      int scoredFrom = Math.max(sequence.scoredCount(), from + 1);
      int scoredTo = sequence.scoresPrompt() ? Math.min(sequence.promptTokenCount(), end + 1) : 0;
      return new Part(
          sequence,
          sequence.run(),
          from,
          tokenCount,
          completes,
          completes && sequence.answerCount() < sequence.params().maxTokens(),
          scoredFrom,
          Math.max(scoredFrom, scoredTo));
    }

    /** The token after the last one. */
    int end() {
      return from + tokenCount;
    }

    int scoredCount() {
      return scoredTo - scoredFrom;
    }

    /** Rows of the step's result: the scored ones, then the one of the next token. */
    int logitRowCount() {
      return scoredCount() + (choosesNext ? 1 : 0);
    }

    /** Whether the KV of the step's tokens is in the blocks that the sequence holds now. */
    boolean isCurrent() {
      return run == sequence.run();
    }
  }

  private final List<Part> parts = new ArrayList<>();
  private int tokenCount;

  void clear() {
    parts.clear();
    tokenCount = 0;
  }

  void add(Sequence sequence, int count) {
    parts.add(Part.of(sequence, count));
    tokenCount += count;
  }

  List<Part> parts() {
    return parts;
  }

  int tokenCount() {
    return tokenCount;
  }

  boolean isEmpty() {
    return parts.isEmpty();
  }
}
