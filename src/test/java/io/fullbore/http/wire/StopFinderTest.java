package io.fullbore.http.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.fullbore.core.Metadata;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.tokenizer.Tokenizer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which stop string the tokens of an answer end with. */
class StopFinderTest {
  private static final String[] TOKENS = {"a", "b", "ab", "abc", "c", "<end>"};

  private static final Tokenizer TOKENIZER =
      Tokenizer.of(
          new Metadata(
              Map.of(
                  "tokenizer.ggml.model",
                  "gpt2",
                  "tokenizer.ggml.pre",
                  "gpt-2",
                  "tokenizer.ggml.tokens",
                  TOKENS,
                  "tokenizer.ggml.token_type",
                  new long[] {1, 1, 1, 1, 1, 3},
                  "tokenizer.ggml.merges",
                  new String[0],
                  "tokenizer.ggml.eos_token_id",
                  5L)));

  private static String found(List<String> stops, String... tokens) {
    var finder = new StopFinder(stops, TOKENIZER);
    for (String token : tokens) {
      finder.accept(List.of(new ScoredToken(List.of(TOKENS).indexOf(token), null)));
    }
    return finder.found();
  }

  @Test
  void theOneThatTheLastTokenCompletes() {
    assertEquals("bc", found(List.of("xx", "bc"), "a", "b", "c"));
    assertEquals("cabc", found(List.of("cabc"), "abc", "ab", "c"));
    assertEquals("c", found(List.of("c"), "a", "a", "a", "a", "c"));
  }

  @Test
  void theFirstOfSeveralInOneToken() {
    assertEquals("ab", found(List.of("c", "ab"), "b", "abc"));
    assertEquals("ba", found(List.of("c", "ba"), "b", "abc"));
  }

  @Test
  void noneWhereTheModelEndedByItself() {
    assertNull(found(List.of("bc"), "a", "b", "<end>"));
    assertNull(found(List.of(), "a"));
    assertNull(found(List.of("a")));
  }
}
