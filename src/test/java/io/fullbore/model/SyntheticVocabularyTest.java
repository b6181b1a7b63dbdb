package io.fullbore.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Metadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SyntheticVocabularyTest {
  @ParameterizedTest
  @ValueSource(ints = {300, 5_000, 160_000})
  void allSizesHaveDistinctTokens(int tokenCount) {
    Metadata metadata = metadata(tokenCount);
    String[] tokens = metadata.strings("tokenizer.ggml.tokens").orElseThrow();
    String[] merges = metadata.strings("tokenizer.ggml.merges").orElseThrow();
    assertEquals(tokenCount, tokens.length);
    assertEquals(tokenCount, new HashSet<>(Arrays.asList(tokens)).size());
    assertEquals(tokenCount - 256 - 3, merges.length);
    for (int i = 0; i < merges.length; i++) {
      assertEquals(tokens[256 + i], merges[i].replace(" ", ""));
    }
  }

  @Test
  void bytesAreInTheAlphabetOfGpt2() {
    String[] tokens = metadata(300).strings("tokenizer.ggml.tokens").orElseThrow();
    assertEquals("\u0120", tokens[' ']);
    assertEquals("\u010a", tokens['\n']);
    assertEquals("A", tokens['A']);
    assertEquals("\u0100", tokens[0]);
    assertEquals("\u0143", tokens[0xad]);
    assertEquals("\u00ff", tokens[0xff]);
  }

  @Test
  void specialTokensComeLast() {
    Metadata metadata = metadata(300);
    String[] tokens = metadata.strings("tokenizer.ggml.tokens").orElseThrow();
    long[] types = metadata.integers("tokenizer.ggml.token_type").orElseThrow();
    int end = metadata.requireInteger("tokenizer.ggml.eos_token_id", 0, 299);
    assertEquals("<|im_end|>", tokens[end]);
    assertEquals(3, types[end]);
    assertEquals(1, types[296]);
    assertEquals(
        "<|endoftext|>", tokens[metadata.requireInteger("tokenizer.ggml.bos_token_id", 0, 299)]);
  }

  @Test
  void everyTokenIsReachable() {
    Metadata metadata = metadata(8_000);
    String[] tokens = metadata.strings("tokenizer.ggml.tokens").orElseThrow();
    Map<String, Integer> ranks = new HashMap<>();
    for (String merge : metadata.strings("tokenizer.ggml.merges").orElseThrow()) {
      ranks.put(merge, ranks.size());
    }
    for (int token = 0; token < tokens.length - 3; token++) {
      assertEquals(List.of(tokens[token]), mergeAll(tokens[token], ranks));
    }
  }

  @Test
  void refusesOtherSizes() {
    assertThrows(IllegalArgumentException.class, () -> new SyntheticVocabulary(299));
    assertThrows(IllegalArgumentException.class, () -> new SyntheticVocabulary(160_001));
  }

  @Test
  void templateOpensTheAnswer() {
    String template = metadata(300).requireString("tokenizer.chat_template");
    assertTrue(template.contains("add_generation_prompt"), template);
    assertTrue(template.contains("<|im_start|>assistant\\n"), template);
  }

  /** BPE by the book: join the pair of the lowest rank until there is none. */
  private static List<String> mergeAll(String text, Map<String, Integer> ranks) {
    List<String> pieces = new ArrayList<>(Arrays.asList(text.split("")));
    while (true) {
      int best = -1;
      for (int i = 0; i + 1 < pieces.size(); i++) {
        Integer rank = ranks.get(pieces.get(i) + " " + pieces.get(i + 1));
        if (rank != null
            && (best < 0 || rank < ranks.get(pieces.get(best) + " " + pieces.get(best + 1)))) {
          best = i;
        }
      }
      if (best < 0) {
        return pieces;
      }
      pieces.set(best, pieces.get(best) + pieces.remove(best + 1));
    }
  }

  private static Metadata metadata(int tokenCount) {
    Map<String, Object> values = new LinkedHashMap<>();
    new SyntheticVocabulary(tokenCount).putInto(values);
    return new Metadata(values);
  }
}
