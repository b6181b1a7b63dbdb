package io.fullbore.sampling.grammar;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.fullbore.core.Constraint;
import java.util.function.IntFunction;

/**
 * The compiled grammars of one vocabulary; those used last are kept. Safe for several threads;
 * shared by the API, which compiles them, and the engines of a model.
 */
public final class Grammars {
  private static final int MAX_NODES = 1_000_000;

  /** What a grammar takes beside its nodes, in nodes. */
  private static final int STATES = 10_000;

  private static final long MAX_MASK_BYTES = 128L << 20;

  private final int vocabularySize;
  private final IntFunction<byte[]> bytesOf;
  private final Cache<Constraint, TokenGrammar> kept =
      Caffeine.newBuilder()
          .maximumWeight(MAX_NODES)
          .weigher(
              (Constraint constraint, TokenGrammar grammar) ->
                  STATES + grammar.grammar().nodeCount())
          .executor(Runnable::run)
          .build();
  private TokenMasks masks;

  /**
   * @param bytesOf the bytes of a token; none for control tokens and the like
   */
  @SuppressWarnings("NullAway.Init")
  public Grammars(int vocabularySize, IntFunction<byte[]> bytesOf) {
    this.vocabularySize = vocabularySize;
    this.bytesOf = bytesOf;
  }

  /**
   * The grammar of a constraint.
   *
   * @throws GrammarException where its source is wrong, unsupported or too large
   */
  public TokenGrammar compile(Constraint constraint) {
    return kept.get(constraint, key -> new TokenGrammar(Grammar.of(key), masks(), bytesOf));
  }

  /** Made when first asked for: most servers never are. */
  private synchronized TokenMasks masks() {
    if (masks == null) {
      masks = new TokenMasks(vocabularySize, bytesOf, MAX_MASK_BYTES);
    }
    return masks;
  }
}
