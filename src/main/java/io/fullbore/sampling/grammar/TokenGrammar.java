package io.fullbore.sampling.grammar;

import io.fullbore.sampling.TokenHistory;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * A grammar over the tokens of one vocabulary.
 *
 * @param bytesOf as for {@link TokenMasks}
 */
public record TokenGrammar(Grammar grammar, TokenMasks masks, IntFunction<byte[]> bytesOf) {
  /**
   * A cursor for one sequence, at the beginning of its answer.
   *
   * @param stopTokens allowed where the answer may end, and nowhere else
   */
  public GrammarCursor cursor(Set<Integer> stopTokens, TokenHistory history) {
    return new GrammarCursor(this, stopTokens, history);
  }
}
