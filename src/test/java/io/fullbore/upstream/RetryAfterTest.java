package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.MultiMap;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryAfterTest {
  private static final Instant NOW = Instant.parse("1994-11-06T08:49:30Z");

  private static long ms(String name, String value) {
    return RetryAfter.ms(MultiMap.caseInsensitiveMultiMap().add(name, value), NOW);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1000",
    "120, 120000",
    "0, 0",
    "' 7 ', 7000",
    "0.25, 250",
    "999999999999, 999999999999000"
  })
  void readsSeconds(String value, long expectedMs) {
    assertEquals(expectedMs, ms("retry-after", value));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994"
      })
  void readsTheThreeFormsOfDates(String date) {
    assertEquals(7_000, ms("Retry-After", date));
  }

  @Test
  void aDateThatIsOverIsNotStated() {
    assertEquals(0, ms("Retry-After", "Sun, 06 Nov 1994 08:49:29 GMT"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "-1",
        "+1",
        "soon",
        "NaN",
        "1e9",
        "0x10",
        "1 2",
        "1.",
        ".5",
        "9999999999999",
        "Sun, 06 Nov 1994",
        "Sun, 36 Nov 1994 08:49:37 GMT",
        "٣"
      })
  void nonsenseIsNotStated(String value) {
    assertEquals(0, ms("Retry-After", value));
    assertEquals(0, ms("retry-after-ms", value));
  }

  @Test
  void absurdLengthsAreNotRead() {
    assertEquals(0, ms("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT" + " ".repeat(100_000)));
    assertEquals(0, ms("Retry-After", "1".repeat(100_000)));
  }

  @Test
  void whateverIsStatedIsNoLessThanNothing() {
    var random = new Random(1);
    String characters = "0123456789:, -.SunNovGMT\t\u2003\u00ff";
    for (int i = 0; i < 100_000; i++) {
      var value = new StringBuilder();
      for (int length = random.nextInt(40); length > 0; length--) {
        value.append(characters.charAt(random.nextInt(characters.length())));
      }
      assertTrue(ms("Retry-After", value.toString()) >= 0);
    }
  }

  @Test
  void nothingIsNotStated() {
    assertEquals(0, RetryAfter.ms(MultiMap.caseInsensitiveMultiMap(), NOW));
  }

  @Test
  void millisecondsComeFirst() {
    MultiMap headers =
        MultiMap.caseInsensitiveMultiMap().add("Retry-After", "2").add("Retry-After-Ms", "1234.5");
    assertEquals(1_235, RetryAfter.ms(headers, NOW));
    assertEquals(2_000, RetryAfter.ms(headers.set("retry-after-ms", "soon"), NOW));
  }
}
