package io.fullbore.sampling.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A mask is what trying every token by itself gives. */
class TokenMasksTest {
  private static final List<byte[]> TOKENS = Vocabularies.words(3_000, 1);
  private static final String SCHEMA =
      """
      {'properties':{'name':{'type':'string','maxLength':70},'tags':{'type':'array','items':
       {'enum':['a','bc','bcd']}},'n':{'type':'number'},'more':{'$ref':'#'}},
       'additionalProperties':{'type':['string','object']}}\
      """;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6})
  void aMaskHoldsTheTokensThatFitAndNoOthers(int seed) {
    Random random = new Random(seed);
    Grammar grammar =
        seed % 2 == 0
            ? Texts.schema(SCHEMA)
            : Texts.gbnf("root ::= (\"a\" root \"b\" | [^a-z]+ | \"c\" root)* [ .\\\"]");
    TokenMasks masks = new TokenMasks(TOKENS.size(), TOKENS::get, 1 << 20);
    GrammarState state = grammar.start();
    for (int step = 0; step < 60; step++) {
      int[] mask = masks.after(state);
      int[] allowed = new int[TOKENS.size()];
      int count = 0;
      for (int token = 0; token < TOKENS.size(); token++) {
        boolean fits = !after(state, TOKENS.get(token)).isDead();
        assertEquals(fits, isAllowed(mask, token), "token=" + token);
        if (fits) {
          allowed[count++] = token;
        }
      }
      if (count == 0) {
        assertTrue(state.isComplete());
        return;
      }
      state = after(state, TOKENS.get(allowed[random.nextInt(count)]));
    }
  }

  @Test
  void tokensWithoutBytesAreNeverAllowed() {
    TokenMasks masks =
        new TokenMasks(
            3, id -> id == 1 ? new byte[0] : "ab".getBytes(StandardCharsets.UTF_8), 1024);
    int[] mask = masks.after(Texts.regex("a*b*").start());
    assertTrue(isAllowed(mask, 0) && isAllowed(mask, 2), "tokens of the same bytes");
    assertFalse(isAllowed(mask, 1));
  }

  @Test
  void aPlaceSeenBeforeIsTheSameState() {
    Grammar grammar = Texts.schema("{'type':'array','items':{'type':'string'}}");
    GrammarState inside = after(grammar.start(), "[\"a");
    assertTrue(inside == after(grammar.start(), "[\"abc\",\"de"));
  }

  private static GrammarState after(GrammarState state, String text) {
    return after(state, text.getBytes(StandardCharsets.UTF_8));
  }

  private static GrammarState after(GrammarState state, byte[] text) {
    GrammarState next = state;
    for (byte value : text) {
      next = next.advance(value);
    }
    return next;
  }

  static boolean isAllowed(int[] mask, int token) {
    return (mask[token >> 5] >>> token & 1) != 0;
  }
}
