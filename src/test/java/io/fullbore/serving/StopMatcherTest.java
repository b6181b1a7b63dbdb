package io.fullbore.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopMatcherTest {
  @Test
  void passesTextOnWithoutStops() {
    StopMatcher matcher = new StopMatcher(List.of());
    assertEquals("abc", matcher.accept("abc"));
    assertEquals("", matcher.flush());
  }

  @Test
  void holdsBackWhatMayBecomeAStop() {
    StopMatcher matcher = new StopMatcher(List.of("END", "NOW"));
    assertEquals("a", matcher.accept("aE"));
    assertEquals("", matcher.accept("N"));
    assertEquals("EN", matcher.accept("NO"));
    assertEquals("NOx", matcher.accept("x"));
    assertFalse(matcher.stopped());
  }

  @Test
  void cutsAtTheFirstStopAcrossPieces() {
    StopMatcher matcher = new StopMatcher(List.of("END"));
    assertEquals("abc ", matcher.accept("abc E"));
    assertEquals("", matcher.accept("ND more"));
    assertTrue(matcher.stopped());
    assertEquals("", matcher.accept("even more"));
    assertEquals("", matcher.flush());
  }

  @Test
  void showsWhatWasHeldBackAtTheEnd() {
    StopMatcher matcher = new StopMatcher(List.of("END"));
    assertEquals("a", matcher.accept("aEN"));
    assertEquals("EN", matcher.flush());
  }

  @Test
  void splitsGiveTheSameTextAsTheWhole() {
    Random random = new Random(5);
    for (int round = 0; round < 2_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 30; i++) {
        text.append((char) ('a' + random.nextInt(2)));
      }
      List<String> stops = List.of("aabab", "bbbb");
      int end = text.length();
      for (String stop : stops) {
        int at = text.indexOf(stop);
        end = at >= 0 ? Math.min(end, at) : end;
      }
      StopMatcher matcher = new StopMatcher(stops);
      StringBuilder shown = new StringBuilder();
      for (int from = 0; from < text.length(); ) {
        int to = Math.min(text.length(), from + 1 + random.nextInt(4));
        shown.append(matcher.accept(text.substring(from, to)));
        from = to;
      }
      shown.append(matcher.flush());
      assertEquals(text.substring(0, end), shown.toString());
    }
  }
}
