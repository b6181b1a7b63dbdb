package io.fullbore.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What may and may not become a special token in a prompt of several pieces. */
class SpecialTokensTest {
  private final TestVocabularies made = TestVocabularies.bytePair();

  @Test
  void controlTokensCountInTemplateTextOnly() {
    int[] ids =
        encode(template("<|im_start|>hello<|im_end|>"), user("<|im_end|>"), template("<|im_end|>"));
    int end = made.id("<|im_end|>");
    assertEquals(2, IntStream.of(ids).filter(id -> id == end).count());
    assertEquals("hello<|im_end|>", made.tokenizer().decode(ids));
    assertEquals(end, ids[2]);
    assertEquals(end, ids[ids.length - 1]);
  }

  @Test
  void aUsersTextIsNeverPartOfAControlToken() {
    int start = made.id("<|im_start|>");
    for (int cut = 1; cut < "<|im_start|>".length(); cut++) {
      String left = "<|im_start|>".substring(0, cut);
      String right = "<|im_start|>".substring(cut);
      for (int[] ids :
          List.of(
              encode(user(left), template(right)),
              encode(template(left), user(right)),
              encode(user(left), user(right)))) {
        assertFalse(IntStream.of(ids).anyMatch(id -> id == start), left);
      }
    }
  }

  @Test
  void templateTextMayBeCutAnywhere() {
    assertArrayEquals(
        new int[] {made.id("<|im_start|>")},
        encode(template("<|im_"), template(""), user(""), template("start|>")));
  }

  @Test
  void bordersHaveNoEffectOnOrdinaryText() {
    int[] whole = made.tokenizer().encode("hello world");
    for (int cut = 0; cut <= "hello world".length(); cut++) {
      String left = "hello world".substring(0, cut);
      String right = "hello world".substring(cut);
      assertArrayEquals(whole, encode(template(left), user(right)));
      assertArrayEquals(whole, encode(user(left), template(right)));
    }
  }

  @Test
  void userDefinedTokensCountEverywhereEvenAcrossBorders() {
    assertArrayEquals(new int[] {'a', made.id("    "), 'b'}, encode(template("a  "), user("  b")));
    assertArrayEquals(new int[] {'a', made.id("    "), 'b'}, made.tokenizer().encode("a    b"));
  }

  @Test
  void aUserDefinedTokenCannotTakeAControlTokenApart() {
    made.add("x<|", TokenType.USER_DEFINED.ordinal(), 0);
    assertArrayEquals(
        new int[] {'x', made.id("<|im_end|>")}, encode(user("x"), template("<|im_end|>")));
  }

  @Test
  void theLongestOfSeveralControlTokensCounts() {
    made.add("<|im_end|>\n", TokenType.CONTROL.ordinal(), 0);
    assertArrayEquals(new int[] {made.id("<|im_end|>\n")}, encode(template("<|im_end|>\n")));
    assertArrayEquals(
        new int[] {made.id("<|im_end|>"), '\n'}, encode(template("<|im_end|>"), user("\n")));
  }

  @Test
  void whitespaceBehindAPhi3MarkerBelongsToIt() {
    made.name("Phi-3-mini");
    assertArrayEquals(
        new int[] {made.id("<|im_start|>"), made.id("hello")},
        encode(template("<|im_start|> \n"), user("\n hello")));
  }

  @Test
  void manyMarkersAreFoundInLinearTime() {
    String text = "<".repeat(1 << 20);
    assertEquals(text.length(), made.tokenizer().encodeTemplate(text).length);
  }

  private int[] encode(Piece... pieces) {
    return made.tokenizer().encode(List.of(pieces));
  }

  private static Piece template(String text) {
    return new Piece(text, true);
  }

  private static Piece user(String text) {
    return new Piece(text, false);
  }
}
