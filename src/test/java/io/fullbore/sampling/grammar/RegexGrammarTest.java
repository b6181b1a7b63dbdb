package io.fullbore.sampling.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegexGrammarTest {
  private static final String ALPHABET = "abc01-_. \néλ😀";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a*",
        "(a|b)*c",
        "a{2,3}b?",
        "[a-c]+[^a-c]",
        ".",
        ".*a",
        "\\d+(\\.\\d+)?",
        "\\w\\W\\s",
        "\\S+",
        "(?:ab|a)(c|bc)",
        "[^\\d\\s]*",
        "(a*)*b",
        "(?<name>a)+?b{0}",
        "(a{2}){2}",
        "^a|b$",
        "[-a]_",
        "[é-λ]+",
        "\\u0061\\x62",
        "[😀]?a",
        "(|a)b",
        "\\.|\\-",
        "(a|ab)(c|bcd)(0*)"
      })
  void matchesWhatJavaMatches(String pattern) {
    Grammar grammar = Texts.regex(pattern);
    Pattern java = Pattern.compile(pattern);
    Random random = new Random(pattern.hashCode());
    int[] points = ALPHABET.codePoints().toArray();
    for (int i = 0; i < 3_000; i++) {
      var text = new StringBuilder();
      for (int length = random.nextInt(7); length > 0; length--) {
        text.appendCodePoint(points[random.nextInt(points.length)]);
      }
      String tried = text.toString();
      assertEquals(java.matcher(tried).matches(), Texts.accepts(grammar, tried), tried);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(?=a)",
        "(?!a)",
        "(?<=a)b",
        "(?i)a",
        "(a)\\1",
        "\\bword",
        "a++",
        "(a",
        "a)",
        "[a",
        "*a",
        "a{2,1}",
        "a{",
        "\\",
        "[b-a]",
        "a^b",
        "(a$)b",
        "\\p{L}",
        "[a[b]]",
        "\\ud800",
        "[^\\x00-\\u{10FFFF}]"
      })
  void refusesWhatItDoesNotKnow(String pattern) {
    assertThrows(GrammarException.class, () -> Texts.regex(pattern));
  }

  @Test
  void aHostilePatternEndsSoon() {
    for (String pattern :
        new String[] {
          "((a{1000}){1000}){1000}",
          "(a|aa|aaa)*b".repeat(500),
          "(".repeat(5_000) + "a" + ")".repeat(5_000),
          "a" + "*".repeat(50_000),
          "a" + "?".repeat(100_000),
          "((a?){100}){100}",
          "(.*a){200}",
          "(a*)*".repeat(100)
        }) {
      assertTimeoutPreemptively(
          Duration.ofSeconds(20),
          () -> {
            try {
              GrammarState state = Texts.regex(pattern).start();
              for (int i = 0; i < 300; i++) {
                state = state.advance((byte) 'a');
              }
            } catch (GrammarException e) {
              // refused in time
            }
          },
          pattern.substring(0, Math.min(30, pattern.length())));
    }
  }
}
