package io.fullbore.sampling.grammar;

import io.fullbore.core.Constraint;
import java.util.BitSet;

/**
 * A context-free grammar over bytes, which are the UTF-8 of texts: what an answer may be. Immutable
 * to its users, and safe for several threads.
 */
public final class Grammar {
  private final GrammarState start;
  private final int nodeCount;

  /**
   * @throws GrammarException where it is too large, calls itself on the left or has no text
   */
  Grammar(RuleSet rules, int root) {
    Network network = new Network(rules);
    NetworkChecks.requireNoLeftRecursion(
        network, NetworkChecks.reachingFinal(network, false), rules);
    BitSet live = NetworkChecks.reachingFinal(network, true);
    if (!live.get(network.start(root))) {
      throw new GrammarException("no text fits the grammar");
    }
    nodeCount = network.nodeCount();
    start = new Automaton(network, live, root).start();
  }

  /**
   * Compiles what a request asks for.
   *
   * @throws GrammarException where its source is wrong, unsupported or too large
   */
  public static Grammar of(Constraint constraint) {
    return switch (constraint.kind()) {
      case JSON_SCHEMA -> JsonSchemaGrammar.of(constraint.source());
      case JSON_OBJECT -> JsonSchemaGrammar.ofAnyObject();
      case REGEX -> RegexGrammar.of(constraint.source());
      case CHOICE -> ChoiceGrammar.of(constraint.source());
      case GBNF -> GbnfGrammar.of(constraint.source());
    };
  }

  /** The place before the first byte. */
  public GrammarState start() {
    return start;
  }

  /** How large it is: nodes of its rules' networks, some hundred bytes each. */
  int nodeCount() {
    return nodeCount;
  }

  /** Whether the whole text fits. */
  public boolean accepts(byte[] text) {
    GrammarState state = start;
    for (byte value : text) {
      state = state.advance(value);
    }
    return state.isAccepting();
  }
}
