package io.fullbore.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every tokenizer: both kinds, made-up and real vocabularies. */
class TokenizerContractTest {
  private static final String[] PARTS = {
    "the",
    " of",
    "Hello",
    "'s",
    "'LL",
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "3",
    "1415",
    "!",
    "...",
    "=",
    "é",
    "ß",
    "ひら",
    "天気",
    "한국",
    "नमस्ते",
    "🦙",
    "👩‍👧",
    "\u00A0",
    "\u3000",
    "\u0301",
    "\u0000",
    "<|im_end|>",
    "</s>",
    "<0x41>"
  };

  static Stream<Named<Supplier<Tokenizer>>> tokenizers() {
    return Stream.concat(
        Stream.of(
            Named.of("made-up BPE", () -> TestVocabularies.bytePair().tokenizer()),
            Named.of("made-up SPM", () -> TestVocabularies.sentencePiece().tokenizer())),
        Stream.of(RealVocabulary.values())
            .map(vocabulary -> Named.of(vocabulary.name(), vocabulary::tokenizer)));
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void everyTextComesBack(Supplier<Tokenizer> supplier) {
    Tokenizer tokenizer = supplier.get();
    var random = new Random(7);
    for (int i = 0; i < 2000; i++) {
      String text = randomText(random);
      int[] ids = tokenizer.encode(text);
      assertEquals(text, tokenizer.decode(ids));
      assertFalse(
          IntStream.of(ids).anyMatch(id -> tokenizer.vocabulary().type(id).isSpecial()), text);
    }
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void streamedTextIsTheTextOfTheBytes(Supplier<Tokenizer> supplier) {
    Tokenizer tokenizer = supplier.get();
    var random = new Random(8);
    for (int i = 0; i < 500; i++) {
      int[] ids = random.ints(20, 0, tokenizer.vocabulary().size()).toArray();
      Detokenizer detokenizer = tokenizer.detokenizer(false, true);
      var bytes = new ByteArrayOutputStream();
      var text = new StringBuilder();
      for (int id : ids) {
        bytes.writeBytes(tokenizer.bytesOf(id, true));
        text.append(detokenizer.accept(id));
      }
      text.append(detokenizer.flush());
      assertEquals(bytes.toString(StandardCharsets.UTF_8), text.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void bordersBetweenPiecesOfOneUserHaveNoEffect(Supplier<Tokenizer> supplier) {
    Tokenizer tokenizer = supplier.get();
    var random = new Random(9);
    for (int i = 0; i < 500; i++) {
      String text = randomText(random);
      int cut = random.nextInt(text.length() + 1);
      var pieces =
          List.of(new Piece(text.substring(0, cut), false), new Piece(text.substring(cut), false));
      assertArrayEquals(tokenizer.encode(text), tokenizer.encode(pieces));
    }
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void manyThreadsShareOneTokenizer(Supplier<Tokenizer> supplier) {
    Tokenizer tokenizer = supplier.get();
    IntStream.range(0, 400)
        .parallel()
        .forEach(
            seed -> {
              String text = randomText(new Random(seed % 20));
              assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
            });
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void oneWordOfAMegabyteTakesNoQuadraticTime(Supplier<Tokenizer> supplier) {
    Tokenizer tokenizer = supplier.get();
    for (String unit : List.of("a", " ", "🦙", "=")) {
      String text = unit.repeat((1 << 20) / unit.length());
      int[] ids = assertTimeout(Duration.ofSeconds(10), () -> tokenizer.encode(text), unit);
      assertEquals(text, tokenizer.decode(ids));
    }
  }

  private static String randomText(Random random) {
    var text = new StringBuilder();
    for (int i = random.nextInt(20); i > 0; i--) {
      text.append(PARTS[random.nextInt(PARTS.length)]);
    }
    return text.toString();
  }
}
