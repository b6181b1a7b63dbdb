package io.fullbore.sampling.grammar;

import org.jspecify.annotations.Nullable;

/**
 * A place in a text of a grammar: all stacks of rules in which the matching may be. Immutable; what
 * follows from it is computed once. Equal places of one grammar are mostly the same object. Safe
 * for several threads.
 */
public final class GrammarState {
  private final Automaton automaton;

  private final Frame[] frames;
  private final boolean accepting;

  /** Whether a rule has ended whose caller is not known; in the walks for a rule's own tokens. */
  private final boolean escaped;

  private @Nullable GrammarState @Nullable [] next; // [byte], null where not known

  GrammarState(Automaton automaton, Frame[] frames, boolean accepting, boolean escaped) {
    this.automaton = automaton;
    this.frames = frames;
    this.accepting = accepting;
    this.escaped = escaped;
  }

  /** The place after another byte; {@link #isDead} where no text of the grammar goes on so. */
  public GrammarState advance(byte value) {
    synchronized (automaton) {
      return step(value & 0xff);
    }
  }

  /** Whether the text may end here. */
  public boolean isAccepting() {
    return accepting;
  }

  /** Whether the text can neither go on nor end here. */
  public boolean isDead() {
    return frames.length == 0 && !accepting && !escaped;
  }

  /** Whether the text must end here. */
  public boolean isComplete() {
    return accepting && frames.length == 0;
  }

  /** As {@link #advance}; the caller holds the automaton's lock. */
  GrammarState step(int value) {
    if (next == null) {
      next = new GrammarState[256];
    }
    GrammarState known = next[value];
    if (known == null) {
      known = automaton.after(this, value);
      next[value] = known;
    }
    return known;
  }

  Automaton automaton() {
    return automaton;
  }

  Frame[] frames() {
    return frames;
  }

  boolean escaped() {
    return escaped;
  }
}
