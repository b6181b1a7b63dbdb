package io.fullbore.app;

import io.fullbore.backend.Backend;
import io.fullbore.backend.StepBatch;
import io.fullbore.kv.BlockTable;
import io.fullbore.kv.KvCache;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Drives a backend as an engine would, with random prompts, and takes the time of prefill and
 * decode apart.
 */
final class ThroughputBench {
  private static final double NANOS_PER_SECOND = 1e9;

  private final Backend backend;
  private final int promptTokens;
  private final int generateTokens;
  private final StepBatch batch;
  private final Random random = new Random(1);

  /**
   * Medians.
   *
   * @param batch sequences that ran together
   * @param prefillTokensPerSecond prompt tokens of all sequences per second
   * @param decodeTokensPerSecond generated tokens of all sequences per second
   */
  record Result(int batch, double prefillTokensPerSecond, double decodeTokensPerSecond) {}

  ThroughputBench(Backend backend, int promptTokens, int generateTokens) {
    this.backend = backend;
    this.promptTokens = promptTokens;
    this.generateTokens = generateTokens;
    this.batch = new StepBatch(backend.maxStepTokens());
  }

  Result measure(int batchSize, int repetitions) {
    double[] prefill = new double[repetitions];
    double[] decode = new double[repetitions];
    once(batchSize);
    for (int i = 0; i < repetitions; i++) {
      Result result = once(batchSize);
      prefill[i] = result.prefillTokensPerSecond;
      decode[i] = result.decodeTokensPerSecond;
    }
    return new Result(batchSize, median(prefill), median(decode));
  }

  private Result once(int batchSize) {
    KvCache cache = new KvCache(backend.blockCount(), backend.blockTokens(), false);
    float[] logits = new float[batchSize * backend.vocabularySize()];
    List<BlockTable> tables = new ArrayList<>();
    List<int[]> tokens = new ArrayList<>();
    for (int i = 0; i < batchSize; i++) {
      BlockTable table = new BlockTable();
      cache.grow(table, promptTokens + generateTokens);
      tables.add(table);
      tokens.add(random.ints(promptTokens + generateTokens, 0, backend.vocabularySize()).toArray());
    }
    long start = System.nanoTime();
    for (int i = 0; i < batchSize; i++) {
      prefill(tokens.get(i), tables.get(i), logits);
    }
    long prefilled = System.nanoTime();
    for (int step = 0; step < generateTokens; step++) {
      batch.clear();
      for (int i = 0; i < batchSize; i++) {
        batch.add(tokens.get(i), promptTokens + step, 1, tables.get(i), StepBatch.Want.LAST);
      }
      backend.forward(batch, logits);
    }
    long decoded = System.nanoTime();
    return new Result(
        batchSize,
        batchSize * promptTokens * NANOS_PER_SECOND / (prefilled - start),
        batchSize * generateTokens * NANOS_PER_SECOND / (decoded - prefilled));
  }

  private void prefill(int[] tokens, BlockTable table, float[] logits) {
    for (int from = 0; from < promptTokens; from += backend.maxStepTokens()) {
      int count = Math.min(backend.maxStepTokens(), promptTokens - from);
      batch.clear();
      batch.add(tokens, from, count, table, StepBatch.Want.LAST);
      backend.forward(batch, logits);
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
