package io.fullbore.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fullbore.graph.DecoderGraph;
import io.fullbore.kv.BlockTable;
import io.fullbore.kv.KvCache;
import io.fullbore.model.Architecture;
import io.fullbore.model.GgufFile;
import io.fullbore.model.SyntheticModel;
import io.fullbore.model.WeightFormat;
import io.fullbore.model.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What every backend must do; a backend's test extends it and says how to make one. */
public abstract class BackendContract {
  private static final int BLOCK_TOKENS = 4;
  private static final int MAX_STEP_TOKENS = 64;
  private static final int MAX_POSITIONS = 128;

  @TempDir Path folder;

  /** Makes the backend under test. */
  protected abstract Backend backend(DecoderGraph graph, KvSizing sizing);

  /** Greatest difference of a log-probability from the reference in doubles. */
  protected abstract double tolerance(WeightFormat format);

  /** A model, its backend and the means to run sequences on it. */
  private final class Bench implements AutoCloseable {
    private final GgufFile file;
    private final Architecture architecture;
    private final Weights weights;
    private final Backend backend;
    private final KvCache cache = new KvCache(64, BLOCK_TOKENS, false);
    private final StepBatch batch = new StepBatch(MAX_STEP_TOKENS);

    Bench(SyntheticModel model) throws IOException {
      Path path = folder.resolve("model.gguf");
      model.write(path, bytes -> {});
      file = GgufFile.open(path);
      architecture = Architecture.of(file.metadata());
      weights = Weights.of(file, architecture);
      backend =
          backend(
              DecoderGraph.of(architecture, weights),
              new KvSizing(64, BLOCK_TOKENS, MAX_POSITIONS, MAX_STEP_TOKENS));
    }

    BlockTable table(int tokenCount) {
      BlockTable table = new BlockTable();
      cache.grow(table, tokenCount);
      return table;
    }

    float[] forward(int rows) {
      float[] logits = new float[rows * architecture.vocabularySize()];
      backend.forward(batch, logits);
      return logits;
    }

    /** Logits after a whole prompt that is computed in chunks. */
    float[] prefill(int[] tokens, int chunk) {
      BlockTable table = table(tokens.length);
      float[] logits = new float[0];
      for (int from = 0; from < tokens.length; from += chunk) {
        batch.clear();
        int count = Math.min(chunk, tokens.length - from);
        batch.add(tokens, from, count, table, StepBatch.Want.LAST);
        logits = forward(1);
      }
      cache.release(table);
      return logits;
    }

    void assertAgreesWithThePlainDecoder(int[] tokens) {
      double[] expected = new PlainDecoder(architecture, weights).logprobs(tokens, tokens.length);
      double tolerance = tolerance(weights.output().format());
      assertArrayEquals(expected, logprobs(prefill(tokens, MAX_STEP_TOKENS)), tolerance);
    }

    @Override
    public void close() {
      backend.close();
      file.close();
    }
  }

  private static SyntheticModel.Builder small(String architecture) {
    return SyntheticModel.builder(architecture)
        .dim(64)
        .heads(4, 2)
        .layers(2)
        .ffn(96)
        .vocabularyTokens(320)
        .contextTokens(MAX_POSITIONS);
  }

  private static int[] tokens(int count, int seed) {
    return new Random(seed).ints(count, 0, 320).toArray();
  }

  private static double[] logprobs(float[] logits) {
    double max = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    double[] logprobs = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      logprobs[i] = logits[i] - max - Math.log(sum);
    }
    return logprobs;
  }

  static Stream<SyntheticModel> families() {
    return Stream.of(
        small("llama").format(WeightFormat.F32).build(),
        small("llama").format(WeightFormat.F32).ropeFactors(true).tiedOutput(true).build(),
        small("llama").format(WeightFormat.F32).headDim(24).heads(6, 1).build(),
        small("qwen2").format(WeightFormat.F32).build(),
        small("qwen3").format(WeightFormat.F32).headDim(32).build());
  }

  @ParameterizedTest
  @MethodSource("families")
  void agreesWithThePlainDecoder(SyntheticModel model) throws IOException {
    try (Bench bench = new Bench(model)) {
      for (int length : new int[] {1, 5, 30}) {
        bench.assertAgreesWithThePlainDecoder(tokens(length, length));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(WeightFormat.class)
  void agreesWithThePlainDecoderInEveryFormat(WeightFormat format) throws IOException {
    SyntheticModel model = small("llama").dim(256).ffn(256).layers(1).format(format).build();
    try (Bench bench = new Bench(model)) {
      bench.assertAgreesWithThePlainDecoder(tokens(6, 1));
    }
  }

  @Test
  void aPromptGivesTheSameLogitsHoweverItIsChunked() throws IOException {
    try (Bench bench = new Bench(small("llama").build())) {
      int[] prompt = tokens(61, 7);
      float[] whole = bench.prefill(prompt, MAX_STEP_TOKENS);
      for (int chunk : new int[] {1, 3, 16, 30, 60}) {
        assertArrayEquals(whole, bench.prefill(prompt, chunk), "chunk=" + chunk);
      }
    }
  }

  @Test
  void aRowGivesTheSameLogitsWhateverElseIsInTheStep() throws IOException {
    try (Bench bench = new Bench(small("llama").build())) {
      int vocabulary = bench.architecture.vocabularySize();
      int[][] prompts = {tokens(9, 1), tokens(1, 2), tokens(30, 3), tokens(14, 4)};
      bench.batch.clear();
      for (int[] prompt : prompts) {
        bench.batch.add(prompt, 0, prompt.length, bench.table(prompt.length), StepBatch.Want.LAST);
      }
      float[] together = bench.forward(prompts.length);
      for (int i = 0; i < prompts.length; i++) {
        float[] alone = bench.prefill(prompts[i], MAX_STEP_TOKENS);
        assertArrayEquals(
            alone, Arrays.copyOfRange(together, i * vocabulary, (i + 1) * vocabulary));
      }
    }
  }

  @Test
  void givesLogitsOfAllRowsThatAskForThem() throws IOException {
    try (Bench bench = new Bench(small("llama").build())) {
      int vocabulary = bench.architecture.vocabularySize();
      int[] prompt = tokens(20, 5);
      bench.batch.clear();
      bench.batch.add(prompt, 0, 20, bench.table(20), StepBatch.Want.ALL);
      assertEquals(20, bench.batch.logitRowCount());
      float[] all = bench.forward(20);
      for (int count : new int[] {1, 7, 20}) {
        float[] alone = bench.prefill(Arrays.copyOf(prompt, count), MAX_STEP_TOKENS);
        assertArrayEquals(
            alone, Arrays.copyOfRange(all, (count - 1) * vocabulary, count * vocabulary));
      }
    }
  }

  @Test
  void computingTheSameRowsAgainChangesNothing() throws IOException {
    try (Bench bench = new Bench(small("llama").build())) {
      int[] prompt = tokens(20, 6);
      BlockTable table = bench.table(20);
      bench.batch.clear();
      bench.batch.add(prompt, 0, 20, table, StepBatch.Want.LAST);
      float[] first = bench.forward(1);
      assertArrayEquals(first, bench.forward(1));
    }
  }
}
