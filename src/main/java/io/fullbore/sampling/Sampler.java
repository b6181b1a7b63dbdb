package io.fullbore.sampling;

import io.fullbore.core.SamplingParams;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the next token of a sequence from its logits:
 *
 * <pre>
 *   logits -> mask -> bias -> penalties -> (temperature 0: the likeliest)
 *          -> /temperature -> min_p -> top_k -> top_p -> one draw
 * </pre>
 *
 * <p>The draw is a function of the request's seed and of the token's place in the answer alone, so
 * the same seed and the same prompt give the same text whatever else runs beside it, and also when
 * a sequence is preempted and computed again. Ties fall to the lower id. One instance per engine
 * thread; the scratch arrays grow to the vocabulary's size.
 */
public final class Sampler {
  /** Candidates sorted first when looking for the nucleus; multiplied while they don't reach it. */
  private static final int FIRST_NUCLEUS_SIZE = 64;

  private final int vocabularySize;
  private final int[] occurrences; // [token], zero between calls
  private final long[] candidates; // [rank], see key()
  private final double[] weights; // [rank]
  private int candidateCount;

  public Sampler(int vocabularySize) {
    this.vocabularySize = vocabularySize;
    this.occurrences = new int[vocabularySize];
    this.candidates = new long[vocabularySize];
    this.weights = new double[vocabularySize];
  }

  /**
   * @param logits rows of logits; the row at {@code offset} is changed by bias and penalties
   * @param offset index of the row's first logit
   * @return the chosen id, or -1 when the logits hold no finite maximum (a NaN or all -infinity)
   */
  public int sample(float[] logits, int offset, SamplingParams params, TokenHistory history) {
    return sample(logits, offset, params, history, null);
  }

  /**
   * The same from a part of the tokens.
   *
   * @param mask as {@link AllowedTokens#mask} gives it; null for all tokens
   */
  public int sample(
      float[] logits,
      int offset,
      SamplingParams params,
      TokenHistory history,
      int @Nullable [] mask) {
    if (mask != null) {
      applyMask(logits, offset, mask);
    }
    applyBias(logits, offset, params.logitBias());
    applyPenalties(logits, offset, params, history);
    int best = likeliest(logits, offset);
    if (best < 0 || params.temperature() == 0) {
      return best;
    }
    float max = logits[offset + best];
    collect(logits, offset, max, params);
    keepTop(params.topK());
    double total = weigh(max, params.temperature());
    total = keepNucleus(params.topP(), total, max, params.temperature());
    int drawIndex = history.tokenCount() - history.promptTokenCount();
    return draw(uniform(params.seed(), drawIndex) * total);
  }

  /** What is not in the mask becomes impossible. */
  private void applyMask(float[] logits, int offset, int[] mask) {
    for (int word = 0; word * 32 < vocabularySize; word++) {
      int bits = word < mask.length ? mask[word] : 0;
      if (bits == -1) {
        continue;
      }
      int end = Math.min(vocabularySize, word * 32 + 32);
      for (int id = word * 32; id < end; id++) {
        if ((bits >>> id & 1) == 0) {
          logits[offset + id] = Float.NEGATIVE_INFINITY;
        }
      }
    }
  }

  private void applyBias(float[] logits, int offset, Map<Integer, Float> bias) {
    for (Map.Entry<Integer, Float> entry : bias.entrySet()) {
      logits[offset + entry.getKey()] += entry.getValue();
    }
  }

  private void applyPenalties(
      float[] logits, int offset, SamplingParams params, TokenHistory history) {
    float repetition = params.repetitionPenalty();
    if (repetition != 1) {
      countOccurrences(history, 0);
      for (int i = 0; i < history.tokenCount(); i++) {
        int token = history.token(i);
        if (occurrences[token] > 0) {
          float logit = logits[offset + token];
          logits[offset + token] = logit > 0 ? logit / repetition : logit * repetition;
          occurrences[token] = 0;
        }
      }
    }
    float presence = params.presencePenalty();
    float frequency = params.frequencyPenalty();
    if (presence != 0 || frequency != 0) {
      int from = history.promptTokenCount();
      countOccurrences(history, from);
      for (int i = from; i < history.tokenCount(); i++) {
        int token = history.token(i);
        if (occurrences[token] > 0) {
          logits[offset + token] -= presence + frequency * occurrences[token];
          occurrences[token] = 0;
        }
      }
    }
  }

  private void countOccurrences(TokenHistory history, int from) {
    for (int i = from; i < history.tokenCount(); i++) {
      occurrences[history.token(i)]++;
    }
  }

  private int likeliest(float[] logits, int offset) {
    int best = -1;
    float max = Float.NEGATIVE_INFINITY;
    for (int id = 0; id < vocabularySize; id++) {
      float logit = logits[offset + id];
      if (logit != logit) {
        return -1;
      }
      if (logit > max) {
        max = logit;
        best = id;
      }
    }
    return max == Float.POSITIVE_INFINITY ? -1 : best;
  }

  /** Gathers the candidates that min_p leaves: those within {@code ln(minP) * T} of the maximum. */
  private void collect(float[] logits, int offset, float max, SamplingParams params) {
    double floor =
        params.minP() == 0
            ? Double.NEGATIVE_INFINITY
            : max + Math.log(params.minP()) * params.temperature();
    candidateCount = 0;
    for (int id = 0; id < vocabularySize; id++) {
      float logit = logits[offset + id];
      if (logit >= floor && logit != Float.NEGATIVE_INFINITY) {
        candidates[candidateCount++] = key(logit, id);
      }
    }
  }

  private void keepTop(int topK) {
    if (topK > 0 && topK < candidateCount) {
      selectSmallest(topK);
      candidateCount = topK;
      Arrays.sort(candidates, 0, candidateCount);
    }
  }

  private double weigh(float max, float temperature) {
    double total = 0;
    for (int i = 0; i < candidateCount; i++) {
      weights[i] = Math.exp((logitOf(candidates[i]) - max) / temperature);
      total += weights[i];
    }
    return total;
  }

  /** Cuts the candidates to the smallest likeliest set that reaches topP; returns its weight. */
  private double keepNucleus(float topP, double total, float max, float temperature) {
    if (topP >= 1) {
      return total;
    }
    double wanted = topP * total;
    for (int size = FIRST_NUCLEUS_SIZE; ; size *= 8) {
      int sorted = Math.min(size, candidateCount);
      selectSmallest(sorted);
      Arrays.sort(candidates, 0, sorted);
      double reached = 0;
      for (int i = 0; i < sorted; i++) {
        weights[i] = Math.exp((logitOf(candidates[i]) - max) / temperature);
        reached += weights[i];
        if (reached >= wanted || i == candidateCount - 1) {
          candidateCount = i + 1;
          return reached;
        }
      }
    }
  }

  private int draw(double point) {
    double passed = 0;
    for (int i = 0; i < candidateCount; i++) {
      passed += weights[i];
      if (point < passed) {
        return idOf(candidates[i]);
      }
    }
    return idOf(candidates[candidateCount - 1]);
  }

  /** Moves the {@code count} smallest keys, in any order, to the front (quickselect). */
  private void selectSmallest(int count) {
    int low = 0;
    int high = candidateCount - 1;
    while (low < high && count < candidateCount) {
      long pivot = candidates[(low + high) >>> 1];
      int left = low;
      int right = high;
      while (left <= right) {
        while (candidates[left] < pivot) {
          left++;
        }
        while (candidates[right] > pivot) {
          right--;
        }
        if (left <= right) {
          long swapped = candidates[left];
          candidates[left++] = candidates[right];
          candidates[right--] = swapped;
        }
      }
      if (count - 1 <= right) {
        high = right;
      } else if (count - 1 >= left) {
        low = left;
      } else {
        return;
      }
    }
  }

  /** Orders by logit, highest first, then by id: [inverted sortable float bits | id]. */
  private static long key(float logit, int id) {
    int bits = Float.floatToRawIntBits(logit);
    int ascending = bits ^ (bits >> 31 & Integer.MAX_VALUE);
    return ((long) ~ascending << 32) | id;
  }

  private static float logitOf(long key) {
    int ascending = ~(int) (key >> 32);
    return Float.intBitsToFloat(ascending ^ (ascending >> 31 & Integer.MAX_VALUE));
  }

  private static int idOf(long key) {
    return (int) key;
  }

  /**
   * A number in [0, 1): the SplitMix64 output function (Steele et al., 2014) over seed and index.
   */
  static double uniform(long seed, int index) {
    long z = seed + (index + 1) * 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    z = z ^ (z >>> 31);
    return (z >>> 11) * 0x1.0p-53;
  }
}
