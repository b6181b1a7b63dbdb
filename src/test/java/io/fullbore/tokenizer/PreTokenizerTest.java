package io.fullbore.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.ModelFormatException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PreTokenizerTest {
  private static final String SAMPLE =
      "He'LL pay $31415.9 for  camelCase\r\n\n  Größe नमस्ते, 天気 \u2003ひら~don't!?\n x2 ";

  /** Words of the sample, as Python's regex module cuts it with the original expressions. */
  static Stream<Arguments> expectedSplits() {
    return Stream.of(
        Arguments.of(
            "default",
            "He¦'¦LL¦ pay¦ ¦$¦314¦15¦.¦9¦ for¦ ¦ camelCase¦\r\n\n"
                + " ¦ Größe¦ नमस¦्¦त¦े¦,¦ 天気¦ ¦\u2003¦ひら¦~¦don¦'¦t¦!?¦\n"
                + "¦ x¦2¦ "),
        Arguments.of(
            "llama-bpe",
            "He¦'LL¦ pay¦ $¦314¦15¦.¦9¦ for¦ ¦ camelCase¦\r\n\n"
                + "¦ ¦ Größe¦ नमस¦्त¦े,¦ 天気¦ ¦\u2003ひら¦~don¦'t¦!?\n"
                + "¦ x¦2¦ "),
        Arguments.of(
            "deepseek-llm",
            "He¦'¦LL¦ pay¦ $¦31415¦.¦9¦ for¦ ¦ camelCase¦\r"
                + "¦\n"
                + "¦\n"
                + "¦ ¦ Gr¦öß¦e¦ ¦नमस्ते¦,¦ ¦天気¦ ¦\u2003ひら¦~¦don¦'¦t¦!?¦\n"
                + "¦ x¦2¦ "),
        Arguments.of(
            "deepseek-v3",
            "He¦'LL¦ pay¦ $¦314¦15¦.¦9¦ for¦ ¦ camelCase¦\r\n\n"
                + "¦ ¦ Größe¦ नमस्ते¦,¦ ¦天気¦ \u2003¦ひら¦~don¦'t¦!?\n"
                + "¦ x¦2¦ "),
        Arguments.of(
            "deepseek-coder",
            "He¦'¦LL¦ pay¦ $¦3¦1¦4¦1¦5¦.¦9¦ for¦ ¦ camelCase¦\r"
                + "¦\n"
                + "¦\n"
                + "¦ ¦ Größe¦ ¦नमस¦्¦त¦े¦,¦ ¦天気¦ ¦\u2003ひら¦~¦don¦'¦t¦!?¦\n"
                + "¦ x¦2¦ "),
        Arguments.of(
            "falcon",
            "He¦'¦LL¦ pay¦ ¦$¦314¦15¦.¦9¦ for¦ ¦ camelCase¦\r\n\n"
                + " ¦ Größe¦ नमस¦्¦त¦े¦,¦ 天気¦ ¦\u2003¦ひら¦~¦don¦'¦t¦!?¦\n"
                + "¦ x¦2¦ "),
        Arguments.of(
            "starcoder",
            "He¦'¦LL¦ pay¦ $¦3¦1¦4¦1¦5¦.¦9¦ for¦ ¦ camelCase¦\r\n\n"
                + " ¦ Größe¦ नमस¦्¦त¦े,¦ 天気¦ ¦\u2003¦ひら¦~¦don¦'t¦!?¦\n"
                + "¦ x¦2¦ "),
        Arguments.of(
            "gpt-2",
            "He¦'¦LL¦ pay¦ $¦31415¦.¦9¦ for¦ ¦ camelCase¦\r\n\n"
                + " ¦ Größe¦ नमस¦्¦त¦े,¦ 天気¦ ¦\u2003¦ひら¦~¦don¦'t¦!?¦\n"
                + "¦ x¦2¦ "),
        Arguments.of(
            "qwen2",
            "He¦'LL¦ pay¦ $¦3¦1¦4¦1¦5¦.¦9¦ for¦ ¦ camelCase¦\r\n\n"
                + "¦ ¦ Größe¦ नमस¦्त¦े,¦ 天気¦ ¦\u2003ひら¦~don¦'t¦!?\n"
                + "¦ x¦2¦ "),
        Arguments.of(
            "bloom",
            "He'LL¦ pay¦ $31415¦.¦9¦ for¦ ¦ camelCase¦\r\n\n"
                + " ¦ Größe¦ नमस्ते¦,¦ 天気¦ \u2003¦ひら~don't¦!?\n"
                + "¦ x2¦ "),
        Arguments.of(
            "viking",
            "He'LL¦ pay¦ $¦3¦1¦4¦1¦5¦.¦9¦ for¦ ¦ camelCase¦\r\n\n"
                + " ¦ Größe¦ नमस्ते¦,¦ 天気¦ \u2003¦ひら~don't¦!?\n"
                + "¦ x¦2¦ "),
        Arguments.of(
            "tekken",
            "He¦'LL¦ pay¦ $¦3¦1¦4¦1¦5¦.¦9¦ for¦ ¦ camel¦Case¦\r\n\n"
                + "¦ ¦ Größe¦ नमस्ते¦,¦ 天気¦ ¦\u2003ひら¦~don¦'t¦!?\n"
                + "¦ x¦2¦ "),
        Arguments.of(
            "gpt-4o",
            "He'LL¦ pay¦ $¦314¦15¦.¦9¦ for¦ ¦ camel¦Case¦\r\n\n"
                + "¦ ¦ Größe¦ नमस्ते¦,¦ 天気¦ ¦\u2003ひら¦~don't¦!?\n"
                + "¦ x¦2¦ "),
        Arguments.of(
            "qwen35",
            "He¦'LL¦ pay¦ $¦3¦1¦4¦1¦5¦.¦9¦ for¦ ¦ camelCase¦\r\n\n"
                + "¦ ¦ Größe¦ नमस्ते¦,¦ 天気¦ ¦\u2003ひら¦~don¦'t¦!?\n"
                + "¦ x¦2¦ "));
  }

  @ParameterizedTest
  @MethodSource("expectedSplits")
  void cutsAsTheOriginalExpressionDoes(String name, String expected) {
    assertEquals(expected, String.join("¦", words(name, SAMPLE)));
  }

  @Test
  void everyRowIsAmongThem() {
    Set<String> tested =
        expectedSplits().map(row -> patternsOf((String) row.get()[0])).collect(Collectors.toSet());
    for (String name : PreTokenizer.names()) {
      assertTrue(tested.contains(patternsOf(name)), name);
    }
  }

  private static String patternsOf(String name) {
    return PreTokenizer.named(name).patterns().toString();
  }

  @ParameterizedTest
  @MethodSource("expectedSplits")
  void aMegabyteOfOneCharacterNeedsLinearTimeAndNoStack(String name) {
    for (String unit : List.of("a", "A", " ", "\n", "7", "🦙", " \n")) {
      String run = unit.repeat((1 << 20) / unit.length());
      String text = run + "x" + run.substring(0, 1000);
      int[] seen = {0};
      assertTimeout(
          Duration.ofSeconds(10),
          () ->
              PreTokenizer.named(name)
                  .splitter(text, (from, to) -> seen[0] += to - from)
                  .split(0, text.length()));
      assertEquals(text.length(), seen[0]);
    }
  }

  @Test
  void seesNothingOutsideTheRange() {
    var words = new ArrayList<String>();
    String text = "a  b";
    PreTokenizer.named("gpt-2")
        .splitter(text, (from, to) -> words.add(text.substring(from, to)))
        .split(0, 3);
    assertEquals(List.of("a", "  "), words);
  }

  @Test
  void anUnknownNameIsRefusedWithTheSupportedOnes() {
    var refused =
        assertThrows(ModelFormatException.class, () -> PreTokenizer.named("no-such-model"));
    assertTrue(refused.getMessage().contains("value=no-such-model"), refused.getMessage());
    assertTrue(refused.getMessage().contains("llama-bpe"), refused.getMessage());
  }

  private static List<String> words(String name, String text) {
    var words = new ArrayList<String>();
    PreTokenizer.named(name)
        .splitter(text, (from, to) -> words.add(text.substring(from, to)))
        .split(0, text.length());
    return words;
  }
}
