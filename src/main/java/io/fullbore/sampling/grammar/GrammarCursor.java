package io.fullbore.sampling.grammar;

import io.fullbore.sampling.AllowedTokens;
import io.fullbore.sampling.TokenHistory;
import java.util.Set;

/**
 * Where one answer stands in its grammar. Follows the sequence's own tokens, so it needs no word
 * when the sequence is computed again. Owned by the engine thread.
 */
public final class GrammarCursor implements AllowedTokens {
  private final TokenGrammar grammar;
  private final Set<Integer> stopTokens;
  private final TokenHistory history;
  private final int[] mask; // [ceil(vocabularySize / 32)]
  private GrammarState state;
  private int followed; // tokens of the answer

  GrammarCursor(TokenGrammar grammar, Set<Integer> stopTokens, TokenHistory history) {
    this.grammar = grammar;
    this.stopTokens = stopTokens;
    this.history = history;
    mask = new int[(grammar.masks().vocabularySize() + 31) / 32];
    state = grammar.grammar().start();
  }

  @Override
  public int[] mask() {
    follow();
    int[] allowed = grammar.masks().after(state);
    System.arraycopy(allowed, 0, mask, 0, mask.length);
    for (int stop : stopTokens) {
      if (stop >> 5 < mask.length) {
        int bit = 1 << stop;
        mask[stop >> 5] = state.isAccepting() ? mask[stop >> 5] | bit : mask[stop >> 5] & ~bit;
      }
    }
    return mask;
  }

  /** Whether the answer is whole and nothing can follow. */
  public boolean isComplete() {
    follow();
    return state.isComplete();
  }

  private void follow() {
    int known = history.tokenCount() - history.promptTokenCount();
    for (; followed < known; followed++) {
      int token = history.token(history.promptTokenCount() + followed);
      if (!stopTokens.contains(token)) {
        for (byte value : grammar.bytesOf().apply(token)) {
          state = state.advance(value);
        }
      }
    }
  }
}
