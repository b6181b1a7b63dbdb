package io.fullbore.stub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatencyTest {
  private static final int DRAWS = 20_000;

  private static double[] sorted(Latency latency) {
    var random = new Random(7);
    return DoubleStream.generate(() -> latency.sampleMs(random)).limit(DRAWS).sorted().toArray();
  }

  @Test
  void fixedIsAlwaysTheSame() {
    assertEquals(20, Latency.parse("fixed:20").sampleMs(new Random(7)));
  }

  @Test
  void uniformKeepsToItsRange() {
    double[] draws = sorted(Latency.parse("uniform:10-50"));
    assertTrue(draws[0] >= 10 && draws[DRAWS - 1] < 50);
    assertEquals(30, draws[DRAWS / 2], 1);
  }

  @Test
  void lognormalHasItsPercentiles() {
    double[] draws = sorted(Latency.parse("lognormal:50,400"));
    assertEquals(50, draws[DRAWS / 2], 2);
    assertEquals(400, draws[DRAWS * 99 / 100], 40);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fixed:1.5", "uniform:1.0-2.0", "lognormal:50.0,400.0"})
  void itsTextIsRead(String text) {
    assertEquals(text, Latency.parse(text).text());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "20",
        "fixed:",
        "fixed:-1",
        "fixed:1-2",
        "uniform:5",
        "uniform:5-5",
        "lognormal:0,5",
        "lognormal:9,5",
        "normal:1,2",
        "fixed:1.2.3"
      })
  void otherTextIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> Latency.parse(text));
  }
}
