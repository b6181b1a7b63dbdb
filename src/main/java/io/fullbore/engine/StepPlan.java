package io.fullbore.engine;

import java.util.ArrayList;
import java.util.List;

/**
 * What one step computes: for each sequence how many of its pending tokens. Filled by the
 * scheduler, read by the engine, reused for every step.
 */
final class StepPlan {
  /** One sequence's share of a step. */
  record Part(Sequence sequence, int tokenCount) {
    /** Whether the sequence is complete after this step and its next token can be chosen. */
    boolean completes() {
      return tokenCount == sequence.pendingCount();
    }
  }

  private final List<Part> parts = new ArrayList<>();
  private int tokenCount;

  void clear() {
    parts.clear();
    tokenCount = 0;
  }

  void add(Sequence sequence, int count) {
    parts.add(new Part(sequence, count));
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
