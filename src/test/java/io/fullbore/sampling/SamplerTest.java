package io.fullbore.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.SamplingParams;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final int DRAWS = 20_000;

  private record History(int promptTokenCount, int... tokens) implements TokenHistory {
    @Override
    public int tokenCount() {
      return tokens.length;
    }

    @Override
    public int token(int index) {
      return tokens[index];
    }
  }

  /** Collects the parameters that differ from plain sampling. */
  private static final class Params {
    float temperature = 1;
    int topK;
    float topP = 1;
    float minP;
    float presence;
    float frequency;
    float repetition = 1;
    Map<Integer, Float> bias = Map.of();

    SamplingParams seeded(long seed) {
      return new SamplingParams(
          temperature,
          topK,
          topP,
          minP,
          presence,
          frequency,
          repetition,
          bias,
          seed,
          10,
          Set.of(),
          -1,
          -1);
    }
  }

  private final Params params = new Params();

  private int sample(float[] logits, long seed, TokenHistory history) {
    return new Sampler(logits.length).sample(logits.clone(), 0, params.seeded(seed), history);
  }

  /** How often each token is drawn over many seeds. */
  private double[] shares(float... logits) {
    Sampler sampler = new Sampler(logits.length);
    double[] shares = new double[logits.length];
    for (int seed = 0; seed < DRAWS; seed++) {
      int token = sampler.sample(logits.clone(), 0, params.seeded(seed), new History(1, 0));
      shares[token] += 1.0 / DRAWS;
    }
    return shares;
  }

  private static float[] logits(double... probabilities) {
    float[] logits = new float[probabilities.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.log(probabilities[i]);
    }
    return logits;
  }

  @Test
  void takesTheLikeliestAtTemperatureZeroAndTheLowerIdOnATie() {
    params.temperature = 0;
    assertEquals(1, sample(new float[] {0, 3, 3, 1}, 5, new History(1, 0)));
  }

  @Test
  void drawsByProbability() {
    assertArrayEquals(
        new double[] {0.5, 0.3, 0.15, 0.05}, shares(logits(0.5, 0.3, 0.15, 0.05)), 0.02);
  }

  @Test
  void dividesLogitsByTheTemperature() {
    params.temperature = 0.5f;
    assertArrayEquals(new double[] {0.8, 0.2}, shares(logits(2.0 / 3, 1.0 / 3)), 0.02);
  }

  @Test
  void keepsTheTopK() {
    params.topK = 2;
    assertArrayEquals(new double[] {0, 0.375, 0.625, 0}, shares(logits(0.1, 0.3, 0.5, 0.1)), 0.02);
  }

  @Test
  void keepsTheSmallestSetThatReachesTopP() {
    params.topP = 0.7f;
    assertArrayEquals(new double[] {0, 0.375, 0.625, 0}, shares(logits(0.1, 0.3, 0.5, 0.1)), 0.02);
    params.topP = 0.01f;
    assertArrayEquals(new double[] {0, 0, 1, 0}, shares(logits(0.1, 0.3, 0.5, 0.1)), 1e-9);
  }

  @Test
  void dropsWhatIsLessLikelyThanMinP() {
    params.minP = 0.5f;
    assertArrayEquals(new double[] {0, 0.375, 0.625, 0}, shares(logits(0.1, 0.3, 0.5, 0.1)), 0.02);
  }

  @Test
  void agreesWithASortOverAWholeVocabulary() {
    Random random = new Random(3);
    float[] logits = new float[5_000];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) random.nextGaussian();
    }
    params.topP = 0.6f;
    Set<Integer> nucleus = nucleus(logits, 0.6);
    for (int seed = 0; seed < 2_000; seed++) {
      assertTrue(nucleus.contains(sample(logits, seed, new History(1, 0))));
    }
  }

  private static Set<Integer> nucleus(float[] logits, double topP) {
    Integer[] order = new Integer[logits.length];
    double total = 0;
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
      total += Math.exp(logits[i]);
    }
    Arrays.sort(order, (a, b) -> Float.compare(logits[b], logits[a]));
    Set<Integer> nucleus = new TreeSet<>();
    double reached = 0;
    for (int id : order) {
      nucleus.add(id);
      reached += Math.exp(logits[id]) / total;
      if (reached >= topP + 1e-6) {
        break;
      }
    }
    return nucleus;
  }

  @Test
  void addsBiasAndAppliesPenalties() {
    params.temperature = 0;
    params.bias = Map.of(2, 5f);
    assertEquals(2, sample(new float[] {4, 3, 0}, 0, new History(1, 0)));
    params.bias = Map.of();
    params.presence = 1.5f;
    assertEquals(1, sample(new float[] {4, 3, 0}, 0, new History(1, 2, 0, 0)));
    params.presence = 0;
    params.frequency = 0.4f;
    assertEquals(0, sample(new float[] {4, 3, 0}, 0, new History(1, 2, 0, 0)));
    assertEquals(1, sample(new float[] {4, 3, 0}, 0, new History(1, 2, 0, 0, 0)));
    params.frequency = 0;
    params.repetition = 2;
    assertEquals(1, sample(new float[] {4, 3, 0}, 0, new History(2, 0, 2)), "the prompt counts");
    assertEquals(1, sample(new float[] {-1, -1.5f, -9}, 0, new History(1, 0)), "negative: times");
  }

  @Test
  void countsOnlyTheAnswerForPresenceAndFrequency() {
    params.temperature = 0;
    params.presence = 10;
    assertEquals(0, sample(new float[] {4, 3, 0}, 0, new History(2, 0, 0)));
  }

  @Test
  void drawsDependOnSeedAndPlaceOnly() {
    float[] flat = new float[1_000];
    int first = sample(flat, 42, new History(1, 7));
    assertEquals(first, sample(flat, 42, new History(3, 1, 2, 3)));
    assertTrue(first != sample(flat, 43, new History(1, 7)));
    assertTrue(first != sample(flat, 42, new History(1, 7, first)));
  }

  @Test
  void saysWhenLogitsAreNotFinite() {
    assertEquals(-1, sample(new float[] {0, Float.NaN}, 0, new History(1, 0)));
    float none = Float.NEGATIVE_INFINITY;
    assertEquals(-1, sample(new float[] {none, none}, 0, new History(1, 0)));
    assertEquals(1, sample(new float[] {none, 2}, 0, new History(1, 0)));
  }

  @Test
  void logprobsAreALogSoftmaxWithTheLikeliestFirst() {
    float[] rows = {9, 9, 9, 9, 1, 3, 2, 3};
    TokenLogprobs logprobs = Logprobs.of(rows, 4, 4, 2, 3);
    double sum = Math.exp(1) + 2 * Math.exp(3) + Math.exp(2);
    assertEquals(2 - Math.log(sum), logprobs.logprob(), 1e-6);
    assertArrayEquals(new int[] {1, 3, 2}, logprobs.topTokens());
    assertEquals(3 - Math.log(sum), logprobs.topLogprobs()[0], 1e-6);
    assertEquals(0, Logprobs.of(rows, 4, 4, 2, 0).topTokens().length);
    assertEquals(4, Logprobs.of(rows, 4, 4, 2, 20).topTokens().length);
  }
}
