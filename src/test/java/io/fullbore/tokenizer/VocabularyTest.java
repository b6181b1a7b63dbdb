package io.fullbore.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Metadata;
import io.fullbore.core.ModelFormatException;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VocabularyTest {
  @Test
  void readsTextsTypesScoresAndRoles() {
    var made = TestVocabularies.sentencePiece();
    Vocabulary vocabulary = Vocabulary.of(made.set("padding_token_id", 0L).metadata());
    int hello = made.id("▁hello");
    assertEquals("▁hello", vocabulary.text(hello));
    assertEquals(TokenType.NORMAL, vocabulary.type(hello));
    assertEquals(-4, vocabulary.score(hello));
    assertEquals(OptionalInt.of(hello), vocabulary.idOf("▁hello"));
    assertEquals(OptionalInt.empty(), vocabulary.idOf("nothing"));
    assertEquals(OptionalInt.of(0), vocabulary.paddingId());
    assertEquals(OptionalInt.of(0), vocabulary.unknownId());
  }

  @Test
  void sentencePieceHasLlamasDefaults() {
    Vocabulary vocabulary = Vocabulary.of(TestVocabularies.sentencePiece().metadata());
    assertEquals(OptionalInt.of(1), vocabulary.bosId());
    assertEquals(OptionalInt.of(2), vocabulary.eosId());
    assertTrue(vocabulary.addBos());
    assertFalse(vocabulary.addEos());
    assertTrue(vocabulary.addSpacePrefix());
    assertEquals(Set.of(2), vocabulary.endOfGenerationIds());
  }

  @Test
  void bytePairAddsNothingUnlessToldTo() {
    var made = TestVocabularies.bytePair();
    assertFalse(Vocabulary.of(made.metadata()).addBos());
    assertTrue(
        Vocabulary.of(made.set("bos_token_id", 0L).set("add_bos_token", true).metadata()).addBos());
  }

  @Test
  void llama3AddsABeginningUnlessToldNotTo() {
    var made = TestVocabularies.bytePair().set("pre", "llama-bpe").set("bos_token_id", 0L);
    assertTrue(Vocabulary.of(made.metadata()).addBos());
    assertFalse(Vocabulary.of(made.set("add_bos_token", false).metadata()).addBos());
  }

  @Test
  void wellKnownTextsEndTheGenerationAndAreControlTokens() {
    var made = TestVocabularies.bytePair();
    made.add("<|eot_id|>", TokenType.NORMAL.ordinal(), 0);
    made.add("<|eom_id|>", TokenType.USER_DEFINED.ordinal(), 0);
    made.add("<end_of_turn>", TokenType.CONTROL.ordinal(), 0);
    Vocabulary vocabulary = Vocabulary.of(made.metadata());
    for (String text : Set.of("<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>")) {
      assertTrue(vocabulary.isEndOfGeneration(made.id(text)), text);
      assertEquals(TokenType.CONTROL, vocabulary.type(made.id(text)), text);
    }
    assertEquals(OptionalInt.of(made.id("<|eom_id|>")), vocabulary.endOfMessageId());
    assertFalse(vocabulary.isEndOfGeneration(made.id("<|im_start|>")));
  }

  @Test
  void userDefinedTokensThatLookLikeChatMarkersAreControlTokens() {
    var made = TestVocabularies.bytePair();
    made.add("<|user|>", TokenType.USER_DEFINED.ordinal(), 0);
    made.add("<tool_call>", TokenType.USER_DEFINED.ordinal(), 0);
    Vocabulary vocabulary = Vocabulary.of(made.metadata());
    assertEquals(TokenType.CONTROL, vocabulary.type(made.id("<|user|>")));
    assertEquals(TokenType.USER_DEFINED, vocabulary.type(made.id("<tool_call>")));
  }

  @Test
  void aMissingPreTokenizerIsGuessedAndSaidSo() {
    assertTrue(Vocabulary.of(TestVocabularies.bytePair().without("pre")).preTokenizerGuessed());
    assertFalse(Vocabulary.of(TestVocabularies.bytePair().metadata()).preTokenizerGuessed());
    assertFalse(Vocabulary.of(TestVocabularies.sentencePiece().metadata()).preTokenizerGuessed());
  }

  @Test
  void aBadPaddingIdIsAsGoodAsNone() {
    var made = TestVocabularies.bytePair().set("padding_token_id", 0xFFFFFFFFL);
    assertEquals(OptionalInt.empty(), Vocabulary.of(made.metadata()).paddingId());
  }

  @Test
  void emptyTokensGetANameOfTheirOwn() {
    var made = TestVocabularies.bytePair();
    int id = made.add("", TokenType.NORMAL.ordinal(), 0).id("");
    assertEquals("[EMPTY_" + id + "]", Vocabulary.of(made.metadata()).text(id));
  }

  @Test
  void whatIsWrongIsNamed() {
    refused(new Metadata(Map.of()), "key=tokenizer.ggml.model is missing");
    refused(TestVocabularies.bytePair().set("model", "bert").metadata(), "value=bert");
    refused(TestVocabularies.bytePair().set("pre", "new-one").metadata(), "value=new-one");
    refused(TestVocabularies.bytePair().without("tokens"), "key=tokenizer.ggml.tokens is missing");
    refused(TestVocabularies.bytePair().without("merges"), "key=tokenizer.ggml.merges is missing");
    refused(
        TestVocabularies.bytePair().set("tokens", new String[0]).metadata(),
        "key=tokenizer.ggml.tokens is empty");
    refused(
        TestVocabularies.bytePair().set("token_type", new long[] {1}).metadata(),
        "key=tokenizer.ggml.token_type count=1");
    refused(
        TestVocabularies.bytePair().set("scores", new float[3]).metadata(),
        "key=tokenizer.ggml.scores count=3");
    refused(
        TestVocabularies.bytePair().set("eos_token_id", 1_000_000L).metadata(),
        "key=tokenizer.ggml.eos_token_id value=1000000");
    refused(
        TestVocabularies.bytePair().set("eot_token_id", -1L).metadata(),
        "key=tokenizer.ggml.eot_token_id value=-1");
    refused(TestVocabularies.bytePair().add("x", 7, 0).metadata(), "key=tokenizer.ggml.token_type");
  }

  @Test
  void mergesMustBePairs() {
    for (String merge : new String[] {"", "ab", "a ", " a", " "}) {
      refused(
          TestVocabularies.bytePair().set("merges", new String[] {"h e", merge}).metadata(),
          "key=tokenizer.ggml.merges index=1");
    }
  }

  private static void refused(Metadata metadata, String reason) {
    var refused = assertThrows(ModelFormatException.class, () -> Vocabulary.of(metadata));
    assertTrue(refused.getMessage().contains(reason), refused.getMessage());
  }
}
