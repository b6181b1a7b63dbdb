package io.fullbore.sampling.grammar;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * Which tokens of a vocabulary may follow a place of a grammar.
 *
 * <p>The tokens that stay within the rule on top of a stack depend on its nodes alone and are found
 * once for these, by walking the vocabulary's tree and the automaton together. Those that leave the
 * rule are followed from where they left it, for each stack (the tokens' split is that of XGrammar;
 * Dong et al., 2024). A place's mask is the union over its stacks, and is kept as long as there is
 * room and its grammar is. Safe for several threads.
 */
public final class TokenMasks {
  private static final int ENTRY_BYTES = 100;

  /**
   * What follows from the nodes on top of a stack.
   *
   * @param allowed the tokens that stay within the rule, or leave it with their last byte
   * @param escapes nodes of the tree at which the rule has ended
   */
  private record TopMask(int[] allowed, int[] escapes) {}

  private final VocabularyTrie trie;
  private final Cache<GrammarState, int[]> masks;
  private final Cache<NodeSet, TopMask> topMasks;

  /**
   * @param bytesOf the bytes of a token; none for control tokens and the like, never allowed here
   * @param maxBytes about what the kept masks may take
   */
  public TokenMasks(int vocabularySize, IntFunction<byte[]> bytesOf, long maxBytes) {
    trie = new VocabularyTrie(vocabularySize, bytesOf);
    masks =
        Caffeine.newBuilder()
            .weakKeys()
            .maximumWeight(maxBytes / 2)
            .weigher((GrammarState state, int[] mask) -> ENTRY_BYTES + mask.length * Integer.BYTES)
            .executor(Runnable::run)
            .build();
    topMasks =
        Caffeine.newBuilder()
            .weakKeys()
            .maximumWeight(maxBytes / 2)
            .weigher(
                (NodeSet set, TopMask mask) ->
                    ENTRY_BYTES + (mask.allowed.length + mask.escapes.length) * Integer.BYTES)
            .executor(Runnable::run)
            .build();
  }

  public int vocabularySize() {
    return trie.vocabularySize;
  }

  /**
   * The tokens that may follow, {@code [ceil(vocabularySize / 32)]}, the lowest bit for the lowest
   * id. Not to be written into.
   */
  public int[] after(GrammarState state) {
    int[] known = masks.getIfPresent(state);
    if (known != null) {
      return known;
    }
    int[] mask = new int[(trie.vocabularySize + 31) / 32];
    synchronized (state.automaton()) {
      for (Frame frame : state.frames()) {
        TopMask top = topMask(frame.set, state.automaton());
        for (int i = 0; i < mask.length; i++) {
          mask[i] |= top.allowed[i];
        }
        if (top.escapes.length > 0 && frame.parent != null) {
          GrammarState outside = state.automaton().afterEnd(frame.parent);
          new Walk(mask).from(top.escapes, outside);
        }
      }
    }
    masks.put(state, mask);
    return mask;
  }

  private TopMask topMask(NodeSet set, Automaton automaton) {
    TopMask known = topMasks.getIfPresent(set);
    if (known == null) {
      Walk walk = new Walk(new int[(trie.vocabularySize + 31) / 32]);
      walk.below(0, automaton.alone(set));
      known = new TopMask(walk.mask, Arrays.copyOf(walk.escapes, walk.escapeCount));
      topMasks.put(set, known);
    }
    return known;
  }

  /** A walk through the tree and the automaton; its callers hold the automaton's lock. */
  private final class Walk {
    final int[] mask;
    final GrammarState[] states = new GrammarState[trie.maxDepth + 1]; // [depth]
    int[] escapes = new int[16];
    int escapeCount;

    Walk(int[] mask) {
      this.mask = mask;
    }

    void from(int[] nodes, GrammarState state) {
      if (state.frames().length > 0) {
        for (int node : nodes) {
          below(node, state);
        }
      }
    }

    /** Allows the tokens below a node whose text led to this state. */
    void below(int top, GrammarState state) {
      states[trie.depth[top]] = state;
      int end = trie.end[top];
      for (int node = top + 1; node < end; ) {
        int depth = trie.depth[node];
        GrammarState next = states[depth - 1].step(trie.label[node] & 0xff);
        if (next.isDead()) {
          node = trie.end[node];
          continue;
        }
        states[depth] = next;
        trie.allow(node, mask);
        if (next.escaped()) {
          addEscape(node);
        }
        node++;
      }
    }

    private void addEscape(int node) {
      if (trie.end[node] == node + 1) {
        return;
      }
      if (escapeCount == escapes.length) {
        escapes = Arrays.copyOf(escapes, 2 * escapeCount);
      }
      escapes[escapeCount++] = node;
    }
  }
}
