package io.fullbore.sampling.grammar;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Nodes of a network in which the matching of a rule may be at the same time. The automaton has one
 * object per set, so sets are compared by identity. What follows from a set is computed once.
 */
final class NodeSet {
  /** A rule that may be called, and where its caller goes on. */
  record Called(int rule, NodeSet returns) {}

  /**
   * A set and what can be reached from it over nothing.
   *
   * @param takers those with edges that take bytes; null where there are none
   * @param calls by rule
   * @param isFinal whether the rule may end here
   */
  record Closure(@Nullable NodeSet takers, List<Called> calls, boolean isFinal) {
    /** Whether nothing but the rule's end follows. */
    boolean onlyEnds() {
      return takers == null && calls.isEmpty();
    }
  }

  final int[] nodes; // ascending
  private final int hash;

  @Nullable Closure closure;
  private @Nullable NodeSet @Nullable [] next; // [byte]

  NodeSet(int[] nodes) {
    this.nodes = nodes;
    hash = Arrays.hashCode(nodes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NodeSet that && Arrays.equals(nodes, that.nodes);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  /** The set after a byte; null while that is not known. */
  @Nullable NodeSet next(int value) {
    return next == null ? null : next[value];
  }

  void setNext(int value, NodeSet set) {
    if (next == null) {
      next = new NodeSet[256];
    }
    next[value] = set;
  }

  boolean isEmpty() {
    return nodes.length == 0;
  }
}
