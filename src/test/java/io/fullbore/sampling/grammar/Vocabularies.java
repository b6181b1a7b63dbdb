package io.fullbore.sampling.grammar;

import io.fullbore.model.GgufFile;
import io.fullbore.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Vocabularies for tests: the demo model's, and one of many made-up words. */
final class Vocabularies {
  private static final String DEMO = "/io/fullbore/demo/fullbore-demo.gguf";

  private Vocabularies() {}

  static Tokenizer demo() {
    try (InputStream resource = Vocabularies.class.getResourceAsStream(DEMO)) {
      byte[] bytes = resource.readAllBytes();
      MemorySegment offHeap = Arena.ofAuto().allocate(bytes.length, Long.BYTES);
      GgufFile file = GgufFile.of(offHeap.copyFrom(MemorySegment.ofArray(bytes)), "demo");
      return Tokenizer.of(file.metadata());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All bytes, then words of letters with and without a blank, digits and punctuation. */
  static List<byte[]> words(int count, long seed) {
    Random random = new Random(seed);
    Set<String> words = new LinkedHashSet<>();
    String marks = "\"{}[]:,.-_ \n\\/()<>=+*";
    while (words.size() < count - 256) {
      var word = new StringBuilder(random.nextInt(3) == 0 ? " " : "");
      int kind = random.nextInt(10);
      for (int length = 1 + random.nextInt(kind < 8 ? 9 : 3); length > 0; length--) {
        if (kind < 8) {
          word.append((char) ('a' + random.nextInt(26)));
        } else if (kind == 8) {
          word.append((char) ('0' + random.nextInt(10)));
        } else {
          word.append(marks.charAt(random.nextInt(marks.length())));
        }
      }
      words.add(word.toString());
    }
    List<byte[]> tokens = new ArrayList<>();
    for (int value = 0; value < 256; value++) {
      tokens.add(new byte[] {(byte) value});
    }
    words.forEach(word -> tokens.add(word.getBytes(StandardCharsets.UTF_8)));
    return tokens;
  }
}
