package io.fullbore.sampling.grammar;

/**
 * A set of bytes, a bit for each.
 *
 * @param a bytes 0 to 63, the lowest bit for the lowest
 * @param b bytes 64 to 127
 * @param c bytes 128 to 191
 * @param d bytes 192 to 255
 */
record ByteSet(long a, long b, long c, long d) {
  /** The bytes {@code [from, to]}. */
  static ByteSet range(int from, int to) {
    return new ByteSet(
        word(from, to),
        word(from - 64, to - 64),
        word(from - 128, to - 128),
        word(from - 192, to - 192));
  }

  private static long word(int from, int to) {
    if (to < 0 || from > 63) {
      return 0;
    }
    int low = Math.max(from, 0);
    int high = Math.min(to, 63);
    return -1L >>> (63 - high) & -1L << low;
  }

  static ByteSet of(int value) {
    return range(value, value);
  }

  ByteSet plus(ByteSet other) {
    return new ByteSet(a | other.a, b | other.b, c | other.c, d | other.d);
  }

  boolean contains(int value) {
    long word =
        switch (value >>> 6) {
          case 0 -> a;
          case 1 -> b;
          case 2 -> c;
          default -> d;
        };
    return (word >>> value & 1) != 0;
  }
}
