package io.fullbore.backend.cpu;

/** The operations on single rows of activations. All in place or to a target, none allocates. */
final class ScalarRows {
  private ScalarRows() {}

  /** target = source / sqrt(mean(source²) + epsilon) * weight (RMSNorm, Zhang & Sennrich, 2019). */
  static void normalize(
      float[] source, int sourceAt, float[] weight, float epsilon, float[] target, int targetAt) {
    int width = weight.length;
    double sum = 0;
    for (int i = 0; i < width; i++) {
      float element = source[sourceAt + i];
      sum += (double) element * element;
    }
    float scale = (float) (1 / Math.sqrt(sum / width + epsilon));
    for (int i = 0; i < width; i++) {
      target[targetAt + i] = source[sourceAt + i] * scale * weight[i];
    }
  }

  /** gate = gate / (1 + e^-gate) * up. */
  static void swiglu(float[] gate, float[] up, int at, int width) {
    for (int i = at; i < at + width; i++) {
      float g = gate[i];
      gate[i] = g / (1 + (float) Math.exp(-g)) * up[i];
    }
  }

  static void add(float[] target, float[] source, int at, int width) {
    for (int i = at; i < at + width; i++) {
      target[i] += source[i];
    }
  }
}
