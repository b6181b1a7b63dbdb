package io.fullbore.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class DetokenizerTest {
  private final TestVocabularies bytePair = TestVocabularies.bytePair(); // ids of bytes are bytes
  private final TestVocabularies sentencePiece = TestVocabularies.sentencePiece();

  @Test
  void holdsACharacterBackUntilItIsWhole() {
    Detokenizer detokenizer = bytePair.tokenizer().detokenizer(true, false);
    assertEquals("a", detokenizer.accept('a'));
    assertEquals("", detokenizer.accept(0xF0));
    assertEquals("", detokenizer.accept(0x9F));
    assertEquals("", detokenizer.accept(0xA6));
    assertEquals("🦙", detokenizer.accept(0x99));
    assertEquals("", detokenizer.flush());
  }

  @Test
  void bytesThatAreNoUtf8BecomeReplacementCharacters() {
    assertEquals("\uFFFDa", decode(0xE2, 0x82, 'a'));
    assertEquals("\uFFFD\uFFFD", decode(0x80, 0xFF));
    assertEquals("\uFFFD\uFFFDb", decode(0xC0, 0x80, 'b'));
    assertEquals("\uFFFD", decode(0xED, 0xA0, 0x80));
    assertEquals("\uFFFDé", decode(0xF0, 0x9F, 0xC3, 0xA9));
  }

  @Test
  void whatIsLeftAtTheEndIsAReplacementCharacterOnce() {
    Detokenizer detokenizer = bytePair.tokenizer().detokenizer(true, false);
    detokenizer.accept(0xF0);
    detokenizer.accept(0x9F);
    assertEquals("\uFFFD", detokenizer.flush());
    assertEquals("", detokenizer.flush());
    assertEquals("a", detokenizer.accept('a'));
  }

  @Test
  void controlTokensAreShownOnDemandOnly() {
    int end = bytePair.id("<|im_end|>");
    assertEquals("", bytePair.tokenizer().detokenizer(true, false).accept(end));
    assertEquals("<|im_end|>", bytePair.tokenizer().detokenizer(true, true).accept(end));
    assertEquals(0, bytePair.tokenizer().bytesOf(end, false).length);
    assertEquals(10, bytePair.tokenizer().bytesOf(end, true).length);
  }

  @Test
  void theBlankInFrontOfTheFirstWordIsTakenOffAtTheBeginningOnly() {
    int hello = sentencePiece.id("▁hello");
    Detokenizer fromStart = sentencePiece.tokenizer().detokenizer(true, false);
    assertEquals("hello", fromStart.accept(hello));
    assertEquals(" hello", fromStart.accept(hello));
    Detokenizer continuing = sentencePiece.tokenizer().detokenizer(false, false);
    assertEquals(" hello", continuing.accept(hello));
  }

  @Test
  void aBeginningOfSequenceIsStillTheBeginning() {
    Detokenizer detokenizer = sentencePiece.tokenizer().detokenizer(true, false);
    assertEquals("", detokenizer.accept(1));
    assertEquals("hello", detokenizer.accept(sentencePiece.id("▁hello")));
  }

  @Test
  void onlyOneBlankIsTakenOff() {
    Detokenizer detokenizer = sentencePiece.tokenizer().detokenizer(true, false);
    assertEquals("", detokenizer.accept(sentencePiece.id("▁")));
    assertEquals(" hello", detokenizer.accept(sentencePiece.id("▁hello")));
  }

  @Test
  void byteTokensAreBytes() {
    Detokenizer detokenizer = sentencePiece.tokenizer().detokenizer(true, false);
    assertEquals("", detokenizer.accept(sentencePiece.id("<0xC3>")));
    assertEquals("ä", detokenizer.accept(sentencePiece.id("<0xA4>")));
    assertEquals("\n", detokenizer.accept(sentencePiece.id("<0x0A>")));
  }

  @Test
  void aTokenThatIsNotInTheVocabularyIsRefused() {
    Detokenizer detokenizer = bytePair.tokenizer().detokenizer(true, false);
    assertThrows(IndexOutOfBoundsException.class, () -> detokenizer.accept(-1));
    assertThrows(IndexOutOfBoundsException.class, () -> detokenizer.accept(1 << 20));
  }

  private String decode(int... ids) {
    return bytePair.tokenizer().decode(ids);
  }
}
