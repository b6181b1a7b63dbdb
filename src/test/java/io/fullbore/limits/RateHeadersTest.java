package io.fullbore.limits;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RateHeadersTest {
  @Test
  void writesDurationsAsOpenAiDoes() {
    assertEquals("0s", RateHeaders.duration(0));
    assertEquals("120ms", RateHeaders.duration(120));
    assertEquals("1s", RateHeaders.duration(1_000));
    assertEquals("8.64s", RateHeaders.duration(8_640));
    assertEquals("10s", RateHeaders.duration(10_000));
    assertEquals("1m0s", RateHeaders.duration(60_000));
    assertEquals("6m0s", RateHeaders.duration(360_000));
    assertEquals("6m0.05s", RateHeaders.duration(360_050));
  }

  @Test
  void showsTheTightestBucketOfEachKindAndNoSlots() {
    var key = new Owner("key", "");
    var user = new Owner("key", "user");
    var headers =
        RateHeaders.of(
            List.of(
                new Reading(new Bucket(key, Bucket.Kind.REQUESTS, 60), 5 * Reading.MINUTE_MS),
                new Reading(new Bucket(user, Bucket.Kind.REQUESTS, 10), 4 * Reading.MINUTE_MS),
                new Reading(new Bucket(key, Bucket.Kind.SLOTS, 2), 1)));
    assertEquals(
        Map.of(
            "x-ratelimit-limit-requests", "10",
            "x-ratelimit-remaining-requests", "6",
            "x-ratelimit-reset-requests", "24s"),
        headers.values());
  }
}
