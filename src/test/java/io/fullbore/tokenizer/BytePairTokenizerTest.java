package io.fullbore.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class BytePairTokenizerTest {
  private final TestVocabularies made = TestVocabularies.bytePair();

  @Test
  void mergesInTheOrderOfTheList() {
    assertArrayEquals(ids("hello", "Ġworld"), made.tokenizer().encode("hello world"));
    assertArrayEquals(ids("he", "l", "p"), made.tokenizer().encode("help"));
  }

  @Test
  void theLeftmostOfEqualPairsGoesFirst() {
    assertArrayEquals(ids("ll", "ll", "l"), made.tokenizer().encode("lllll"));
  }

  @Test
  void otherTextFallsApartIntoBytes() {
    assertArrayEquals(new int[] {0xC3, 0xA9}, made.tokenizer().encode("é"));
    assertArrayEquals(new int[] {0xF0, 0x9F, 0xA6, 0x99}, made.tokenizer().encode("🦙"));
  }

  @Test
  void anUnpairedSurrogateIsAReplacementCharacter() {
    assertEquals("a\uFFFDb", made.tokenizer().decode(made.tokenizer().encode("a\uD83Eb")));
    assertEquals("\uFFFD", made.tokenizer().decode(made.tokenizer().encode("\uDD99")));
  }

  @Test
  void aWordThatIsATokenNeedsNoMergesWhereThePreTokenizerSaysSo() {
    made.add("zq", TokenType.NORMAL.ordinal(), 0);
    assertArrayEquals(ids("z", "q"), made.tokenizer().encode("zq"));
    made.set("pre", "llama-bpe");
    assertArrayEquals(ids("zq"), made.tokenizer().encode("zq"));
  }

  @Test
  void aWordThatSpellsAControlTokenIsNone() {
    made.add("zq", TokenType.CONTROL.ordinal(), 0).set("pre", "llama-bpe");
    assertArrayEquals(ids("z", "q"), made.tokenizer().encode("zq"));
    assertArrayEquals(ids("zq"), made.tokenizer().encodeTemplate("zq"));
  }

  @Test
  void aMergeWhoseResultIsNoTokenFallsApartAgain() {
    made.set("merges", new String[] {"x y", "xy z"}).add("xyz", TokenType.NORMAL.ordinal(), 0);
    assertArrayEquals(ids("xyz"), made.tokenizer().encode("xyz"));
    assertArrayEquals(ids("x", "y"), made.tokenizer().encode("xy"));
  }

  @Test
  void aByteWithoutATokenIsTheUnknownToken() {
    var tokens =
        IntStream.range(0, 256)
            .mapToObj(value -> value == 'q' ? "?q?" : String.valueOf(ByteAlphabet.charOf(value)))
            .toArray(String[]::new);
    var metadata =
        TestVocabularies.bytePair()
            .set("tokens", tokens)
            .set("token_type", LongStream.generate(() -> 1).limit(256).toArray())
            .set("scores", new float[256])
            .set("merges", new String[0])
            .set("eos_token_id", 0L)
            .set("unknown_token_id", 5L)
            .metadata();
    assertArrayEquals(new int[] {'a', 5, 'a'}, Tokenizer.of(metadata).encode("aqa"));
  }

  @Test
  void aRepeatedWordComesFromTheCacheUnchanged() {
    Tokenizer tokenizer = made.tokenizer();
    int[] first = tokenizer.encode("hello");
    first[0] = -1;
    assertArrayEquals(ids("hello"), tokenizer.encode("hello"));
  }

  private int[] ids(String... texts) {
    return IntStream.range(0, texts.length).map(i -> made.id(texts[i])).toArray();
  }
}
