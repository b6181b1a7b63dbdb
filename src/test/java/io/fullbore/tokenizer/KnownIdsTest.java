package io.fullbore.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The texts and ids that llama.cpp tests its own tokenizers with. */
class KnownIdsTest {
  private static final String MARKER = "\n__ggml_vocab_test__\n";

  @ParameterizedTest
  @EnumSource
  void everyKnownTextHasItsIdsAndComesBack(RealVocabulary vocabulary) throws IOException {
    Tokenizer tokenizer = vocabulary.tokenizer();
    String[] texts = Files.readString(vocabulary.file(".inp")).split(MARKER, -1);
    List<String> lines = Files.readAllLines(vocabulary.file(".out"));
    for (int i = 0; i < lines.size(); i++) {
      int[] expected =
          Stream.of(lines.get(i).trim().split(" "))
              .filter(number -> !number.isEmpty())
              .mapToInt(Integer::parseInt)
              .toArray();
      assertArrayEquals(expected, tokenizer.encode(texts[i]), texts[i]);
      assertEquals(texts[i], tokenizer.decode(expected));
    }
  }
}
