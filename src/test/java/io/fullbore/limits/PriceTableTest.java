package io.fullbore.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fullbore.config.ConfigException;
import io.fullbore.config.ConfigReader;
import io.fullbore.config.GatewayConfig.Price;
import io.fullbore.config.ServerConfig;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PriceTableTest {
  private static final Map<String, String> UPSTREAM =
      Map.of(
          "upstreams.0.name", "openai",
          "upstreams.0.baseUrl", "http://127.0.0.1",
          "upstreams.0.models.0.name", "gpt",
          "upstreams.0.models.0.promptMicrosPerMillion", "3000000",
          "upstreams.0.models.0.answerMicrosPerMillion", "4000000");

  @Test
  void roundsUpAndChargesNothingForUnlistedModels() {
    PriceTable prices = PriceTable.of(List.of(new Price("m", 150_000, 600_000)));
    assertEquals(0, prices.costMicros("m", 0, 0));
    assertEquals(1, prices.costMicros("m", 1, 0));
    assertEquals(750, prices.costMicros("m", 1_000, 1_000));
    assertEquals(2, prices.costMicros("m", 1, 2));
    assertEquals(0, prices.costMicros("another", 1_000, 1_000));
    assertThrows(IllegalArgumentException.class, () -> prices.costMicros("m", -1, 0));
  }

  @Test
  void theLastPriceOfAModelCounts() {
    PriceTable prices = PriceTable.of(List.of(new Price("m", 1, 1), new Price("m", 7_000_000, 0)));
    assertEquals(7, prices.costMicros("m", 1, 1));
  }

  @Test
  void aListedPriceCountsBeforeThatOfTheUpstreamsModel() throws Exception {
    var settings = new HashMap<>(UPSTREAM);
    PriceTable derived = PriceTable.of(config(settings).allPrices());
    assertEquals(7, derived.costMicros("openai/gpt", 1, 1));
    assertEquals(0, derived.costMicros("gpt", 1, 1));
    settings.put("prices.0.model", "openai/gpt");
    settings.put("prices.0.promptMicrosPerMillion", "2000000");
    PriceTable listed = PriceTable.of(config(settings).allPrices());
    assertEquals(2, listed.costMicros("openai/gpt", 1, 1));
  }

  private static ServerConfig config(Map<String, String> settings) throws ConfigException {
    return new ConfigReader(Map.of()).read(null, settings);
  }

  @Test
  void isExactAndNeverOverflows() {
    var random = new Random(1);
    for (int i = 0; i < 10_000; i++) {
      long promptPrice = random.nextLong(1L << random.nextInt(1, 50));
      long answerPrice = random.nextLong(1L << random.nextInt(1, 50));
      long prompt = random.nextLong(1L << random.nextInt(1, 40));
      long answer = random.nextLong(1L << random.nextInt(1, 40));
      PriceTable prices = PriceTable.of(List.of(new Price("m", promptPrice, answerPrice)));
      BigInteger exact =
          product(prompt, promptPrice)
              .add(product(answer, answerPrice))
              .add(BigInteger.valueOf(999_999))
              .divide(BigInteger.valueOf(1_000_000));
      assertEquals(
          exact.min(BigInteger.valueOf(PriceTable.MAX_MICROS)).longValueExact(),
          prices.costMicros("m", prompt, answer));
    }
    PriceTable dear =
        PriceTable.of(List.of(new Price("m", PriceTable.MAX_MICROS, PriceTable.MAX_MICROS)));
    assertEquals(PriceTable.MAX_MICROS, dear.costMicros("m", Long.MAX_VALUE, Long.MAX_VALUE));
  }

  private static BigInteger product(long a, long b) {
    return BigInteger.valueOf(a).multiply(BigInteger.valueOf(b));
  }
}
