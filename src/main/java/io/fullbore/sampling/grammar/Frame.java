package io.fullbore.sampling.grammar;

import org.jspecify.annotations.Nullable;

/**
 * Where the matching of a rule may be, and, below it, where its callers go on: a stack that shares
 * its lower part with others. The automaton has one object per stack.
 */
final class Frame {
  final NodeSet set;
  final @Nullable Frame parent; // null for the two bottoms
  final int depth;
  final long id; // in the order of making

  /** What follows once the rule above has ended; made when first asked for. */
  @Nullable GrammarState afterEnd;

  Frame(NodeSet set, @Nullable Frame parent, long id) {
    this.set = set;
    this.parent = parent;
    this.id = id;
    depth = parent == null ? 0 : parent.depth + 1;
  }

  boolean isBottom() {
    return parent == null;
  }
}
