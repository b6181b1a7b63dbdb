package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class BackoffTest {
  @Test
  void doublesUpToTheCap() {
    var backoff = new Backoff(FixedRandom.MOST);
    long[] ceilings = {100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000};
    for (int attempt = 0; attempt < ceilings.length; attempt++) {
      assertEquals(ceilings[attempt], backoff.delayMs(attempt));
      assertEquals(ceilings[attempt], backoff.atLeastHalfMs(attempt));
    }
    assertEquals(5_000, backoff.delayMs(Integer.MAX_VALUE));
    assertEquals(100, backoff.delayMs(-1));
  }

  @Test
  void fullJitterMayBeNothingAndEqualJitterAtLeastHalf() {
    var backoff = new Backoff(FixedRandom.LEAST);
    assertEquals(0, backoff.delayMs(3));
    assertEquals(400, backoff.atLeastHalfMs(3));
  }

  @Test
  void spreadsEvenly() {
    var backoff = new Backoff(new Random(1));
    long sum = 0;
    int count = 10_000;
    for (int i = 0; i < count; i++) {
      long ms = backoff.delayMs(2);
      assertTrue(ms >= 0 && ms <= 400);
      sum += ms;
    }
    assertEquals(200, (double) sum / count, 5);
  }
}
