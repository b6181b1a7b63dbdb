package io.fullbore.core;

import java.util.HexFormat;
import java.util.random.RandomGenerator;

/**
 * Names one generation (one choice of one API request) in one process.
 *
 * @param value 64 random bits
 */
public record RequestId(long value) {
  public static RequestId random(RandomGenerator random) {
    return new RequestId(random.nextLong());
  }

  @Override
  public String toString() {
    return HexFormat.of().toHexDigits(value);
  }
}
