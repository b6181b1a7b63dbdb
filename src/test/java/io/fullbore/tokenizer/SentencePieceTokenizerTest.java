package io.fullbore.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fullbore.core.ModelFormatException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SentencePieceTokenizerTest {
  private final TestVocabularies made = TestVocabularies.sentencePiece();

  @Test
  void mergesTheBestScoreFirstAndPutsABlankInFront() {
    assertArrayEquals(ids("▁hello", "▁world"), made.tokenizer().encode("hello world"));
    assertArrayEquals(ids("▁hel", "l"), made.tokenizer().encode("hell"));
  }

  @Test
  void noBlankIsAddedWhereTheModelWantsNone() {
    made.set("add_space_prefix", false);
    assertArrayEquals(ids("h", "el", "lo"), made.tokenizer().encode("hello"));
    assertEquals(" hello", made.tokenizer().decode(made.tokenizer().encode(" hello")));
  }

  @Test
  void aBlankIsAddedAgainBehindASpecialToken() {
    assertArrayEquals(
        ids("<s>", "▁hello", "</s>", "▁world"),
        made.tokenizer().encodeTemplate("<s>hello</s>world"));
  }

  @Test
  void charactersThatAreNoTokensBecomeBytes() {
    assertArrayEquals(ids("▁", "<0xC3>", "<0xA4>", "é"), made.tokenizer().encode("äé"));
    assertEquals("ä🦙\n", made.tokenizer().decode(made.tokenizer().encode("ä🦙\n")));
  }

  @Test
  void textCannotSpellControlOrByteTokens() {
    assertArrayEquals(ids("▁", "<", "s>"), made.tokenizer().encode("<s>"));
    Tokenizer tokenizer = made.tokenizer();
    assertEquals("<0x41></s><unk>", tokenizer.decode(tokenizer.encode("<0x41></s><unk>")));
  }

  @Test
  void withoutByteTokensTheUnknownTokenStandsForACharacter() {
    made.set("token_type", new long[] {2, 1, 1}).set("tokens", new String[] {"<unk>", "a", "▁"});
    made.set("scores", new float[3]).set("eos_token_id", 0L);
    assertArrayEquals(new int[] {2, 1, 0, 0, 1}, made.tokenizer().encode("aä🦙a"));
  }

  @Test
  void aVocabularyThatCannotExpressAllTextIsRefused() {
    made.set("unknown_token_id", 0xFFFFFFFFL);
    made.set("token_type", new long[] {1}).set("tokens", new String[] {"a"});
    made.set("scores", new float[1]);
    assertThrows(ModelFormatException.class, made::tokenizer);
  }

  @Test
  void nothingGivesNothing() {
    assertArrayEquals(new int[0], made.tokenizer().encode(""));
  }

  private int[] ids(String... texts) {
    return IntStream.range(0, texts.length).map(i -> made.id(texts[i])).toArray();
  }
}
