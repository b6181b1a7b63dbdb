package io.fullbore.app;

import io.fullbore.backend.Backend;
import io.fullbore.backend.StepBatch;
import io.fullbore.core.SamplingParams;
import io.fullbore.kv.BlockTable;
import io.fullbore.kv.KvCache;
import io.fullbore.sampling.TokenHistory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Drives a backend as an engine would, with random prompts, and takes the time of prefill and
 * decode apart: each sequence's next token is chosen greedily, though the tokens that follow are
 * known before, and as many steps are under way as the backend takes.
 */
final class ThroughputBench {
  private static final double NANOS_PER_SECOND = 1e9;

  private static final SamplingParams GREEDY =
      new SamplingParams(0, 0, 1, 0, 0, 0, 1, Map.of(), 0, Integer.MAX_VALUE, Set.of(), -1, -1);

  /** The first tokens of a sequence. */
  private record Known(int[] tokens, int tokenCount, int promptTokenCount) implements TokenHistory {
    @Override
    public int token(int index) {
      return tokens[index];
    }
  }

  private final Backend backend;
  private final int promptTokens;
  private final int generateTokens;
  private final StepBatch batch;
  private final Random random = new Random(1);
  private int begunCount;

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
      prefill(tokens.get(i), tables.get(i));
    }
    awaitAll();
    long prefilled = System.nanoTime();
    for (int step = 0; step < generateTokens; step++) {
      batch.clear();
      for (int i = 0; i < batchSize; i++) {
        int from = promptTokens + step;
        batch.add(tokens.get(i), from, 1, tables.get(i), next(tokens.get(i), from + 1));
      }
      begin();
    }
    awaitAll();
    long decoded = System.nanoTime();
    return new Result(
        batchSize,
        batchSize * promptTokens * NANOS_PER_SECOND / (prefilled - start),
        batchSize * generateTokens * NANOS_PER_SECOND / (decoded - prefilled));
  }

  private void prefill(int[] tokens, BlockTable table) {
    for (int from = 0; from < promptTokens; from += backend.maxStepTokens()) {
      int count = Math.min(backend.maxStepTokens(), promptTokens - from);
      boolean last = from + count == promptTokens;
      batch.clear();
      batch.add(
          tokens, from, count, table, last ? next(tokens, promptTokens) : StepBatch.Want.NONE);
      begin();
    }
  }

  private StepBatch.Want next(int[] tokens, int tokenCount) {
    return new StepBatch.Want.Token(GREEDY, new Known(tokens, tokenCount, promptTokens));
  }

  /** Starts the step of {@link #batch}, once there is room for it. */
  private void begin() {
    if (begunCount == backend.pipelineDepth()) {
      backend.await();
      begunCount--;
    }
    backend.begin(batch);
    begunCount++;
  }

  private void awaitAll() {
    for (; begunCount > 0; begunCount--) {
      backend.await();
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
