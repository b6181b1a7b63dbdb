package io.fullbore.sampling;

/** Log-softmax over one row of logits, and its likeliest entries. */
public final class Logprobs {
  private Logprobs() {}

  /**
   * @param logits rows of {@code vocabularySize} logits; read only
   * @param offset index of the row's first logit
   * @param token whose log-probability is wanted
   * @param topCount how many of the likeliest are wanted
   */
  public static TokenLogprobs of(
      float[] logits, int offset, int vocabularySize, int token, int topCount) {
    double logSum = logSumExp(logits, offset, vocabularySize);
    int count = Math.min(topCount, vocabularySize);
    int[] topTokens = new int[count];
    float[] topLogits = new float[count];
    int size = 0;
    for (int id = 0; id < vocabularySize && count > 0; id++) {
      float logit = logits[offset + id];
      if (size == count && logit <= topLogits[size - 1]) {
        continue;
      }
      int place = size < count ? size++ : size - 1;
      while (place > 0 && topLogits[place - 1] < logit) {
        topLogits[place] = topLogits[place - 1];
        topTokens[place] = topTokens[place - 1];
        place--;
      }
      topLogits[place] = logit;
      topTokens[place] = id;
    }
    for (int i = 0; i < count; i++) {
      topLogits[i] = (float) (topLogits[i] - logSum);
    }
    return new TokenLogprobs(
        token, (float) (logits[offset + token] - logSum), topTokens, topLogits);
  }

  private static double logSumExp(float[] logits, int offset, int vocabularySize) {
    float max = Float.NEGATIVE_INFINITY;
    for (int id = 0; id < vocabularySize; id++) {
      max = Math.max(max, logits[offset + id]);
    }
    double sum = 0;
    for (int id = 0; id < vocabularySize; id++) {
      sum += Math.exp(logits[offset + id] - max);
    }
    return max + Math.log(sum);
  }
}
