package io.fullbore.auth;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdminKeyTest {
  @Test
  void matchesItsSecretOnly() {
    var key = new AdminKey("open sesame");
    assertTrue(key.configured());
    assertTrue(key.matches("open sesame"));
    assertFalse(key.matches("open sesam"));
    assertFalse(key.matches(""));
    assertFalse(key.toString().contains("sesame"));
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "  "})
  void withoutASecretNothingMatches(String secret) {
    var key = new AdminKey(secret);
    assertFalse(key.configured());
    assertFalse(key.matches(""));
    assertFalse(key.matches("  "));
  }
}
