package io.fullbore.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fullbore.core.CachePolicy;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CachePlanTest {
  @ParameterizedTest
  @CsvSource({
    // wish, mode, deterministic, tools, reads, writes
    "NONE, DETERMINISTIC, true, false, true, true",
    "NONE, DETERMINISTIC, false, false, false, false",
    "NONE, DETERMINISTIC, true, true, false, false",
    "NONE, ALL, false, false, true, true",
    "NONE, OFF, true, false, false, false",
    "FORCE, DETERMINISTIC, false, true, true, true",
    "FORCE, OFF, true, false, false, false",
    "REFRESH, DETERMINISTIC, false, false, false, true",
    "REFRESH, OFF, true, false, false, false",
    "BYPASS, ALL, true, false, false, false",
  })
  void aWishChangesWhatTheKeySays(
      CachePlan.Wish wish,
      CachePolicy.Mode mode,
      boolean deterministic,
      boolean tools,
      boolean reads,
      boolean writes) {
    var policy = new CachePolicy(mode, false, false, false);
    assertEquals(
        new CachePlan(reads, writes, false),
        CachePlan.of(wish, policy, false, deterministic, tools));
  }
}
