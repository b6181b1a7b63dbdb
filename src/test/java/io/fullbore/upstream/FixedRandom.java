package io.fullbore.upstream;

import java.util.random.RandomGenerator;

/** Always the least or always the most that is asked for. */
enum FixedRandom implements RandomGenerator {
  LEAST,
  MOST;

  @Override
  public long nextLong() {
    return this == LEAST ? 0 : Long.MAX_VALUE;
  }

  @Override
  public long nextLong(long bound) {
    return this == LEAST ? 0 : bound - 1;
  }
}
