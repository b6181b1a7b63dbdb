package io.fullbore.model;

import java.lang.foreign.MemorySegment;

/**
 * A tensor of random weights. Every row has a random stream of its own, so that rows can be made in
 * any order and by any number of threads, always with the same outcome.
 *
 * @param mean of the weights
 * @param deviation standard deviation of the weights; none lies further off than 3.5 of them
 * @param seed of this tensor
 */
record SyntheticTensor(TensorSpec spec, float mean, float deviation, long seed) {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  /** Mean and standard deviation of the sum of four uniform 16-bit numbers. */
  private static final float SUM_MEAN = 4 * 65535 / 2f;

  private static final float SUM_DEVIATION = 37837.2f;

  long rowCount() {
    return spec.sizeBytes() / rowBytes();
  }

  long rowBytes() {
    return spec.format().rowBytes(columns());
  }

  int columns() {
    return Math.toIntExact(spec.shape().getFirst());
  }

  /** Rows {@code [firstRow, firstRow + rows)} in the tensor's format. */
  MemorySegment rows(long firstRow, int rows) {
    RowEncoder encoder = spec.format().encoder().orElseThrow();
    MemorySegment bytes = MemorySegment.ofArray(new byte[Math.toIntExact(rows * rowBytes())]);
    float[] weights = new float[columns()];
    for (int row = 0; row < rows; row++) {
      fill(weights, mix(seed + mix(firstRow + row)));
      encoder.encode(weights, 0, bytes, row * rowBytes(), weights.length);
    }
    return bytes;
  }

  /** Nearly normal: the sum of the four 16-bit parts of a number from SplitMix64. */
  private void fill(float[] weights, long streamSeed) {
    float scale = deviation / SUM_DEVIATION;
    long state = streamSeed;
    for (int i = 0; i < weights.length; i++) {
      state += GOLDEN_GAMMA;
      long bits = mix(state);
      long sum = (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
      weights[i] = mean + (sum - SUM_MEAN) * scale;
    }
  }

  /** The finalizer of SplitMix64 (Steele, Lea and Flood, 2014). */
  static long mix(long value) {
    long z = (value ^ value >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }
}
