package io.fullbore.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.SamplingParams;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.kv.BlockTable;
import io.fullbore.kv.KvCache;
import io.fullbore.model.Architecture;
import io.fullbore.model.GgufFile;
import io.fullbore.model.SyntheticModel;
import io.fullbore.model.WeightFormat;
import io.fullbore.model.Weights;
import io.fullbore.sampling.Logprobs;
import io.fullbore.sampling.Sampler;
import io.fullbore.sampling.TokenHistory;
import io.fullbore.sampling.TokenLogprobs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
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

  /**
   * Greatest difference of a logit between two ways to compute the same row. Where it is not 0, a
   * chosen token may be another one than the host would choose, if its logit is as near.
   */
  protected float roundingTolerance() {
    return 0;
  }

  /** Greatest difference of a log-probability from that of the host over the same row's logits. */
  protected double logprobTolerance() {
    return 0;
  }

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

  private void assertSameLogits(float[] expected, float[] actual, String message) {
    assertEquals(expected.length, actual.length, message);
    for (int i = 0; i < expected.length; i++) {
      assertNear(expected[i], actual[i], roundingTolerance(), message + " token=" + i);
    }
  }

  private static void assertNear(double expected, double actual, double tolerance, String message) {
    assertTrue(
        Math.abs(expected - actual) <= tolerance,
        () ->
            "%s: expected=%s actual=%s tolerance=%s"
                .formatted(message, expected, actual, tolerance));
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
        assertSameLogits(whole, bench.prefill(prompt, chunk), "chunk=" + chunk);
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
        assertSameLogits(
            alone,
            Arrays.copyOfRange(together, i * vocabulary, (i + 1) * vocabulary),
            "sequence=" + i);
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
        assertSameLogits(
            alone,
            Arrays.copyOfRange(all, (count - 1) * vocabulary, count * vocabulary),
            "count=" + count);
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

  /** The first {@code count} tokens of a sequence whose prompt has {@code promptTokenCount}. */
  private record History(int[] tokens, int tokenCount, int promptTokenCount)
      implements TokenHistory {
    @Override
    public int token(int index) {
      return tokens[index];
    }
  }

  private static SamplingParams sampling(
      float temperature, int topK, float topP, float penalty, long seed, int topLogprobs) {
    return new SamplingParams(
        temperature,
        topK,
        topP,
        0,
        penalty,
        penalty,
        1 + penalty,
        Map.of(5, 0.5f),
        seed,
        100,
        Set.of(),
        topLogprobs,
        -1);
  }

  private static final List<SamplingParams> WAYS_TO_CHOOSE =
      List.of(
          sampling(0, 0, 1, 0, 1, 3),
          sampling(0, 0, 1, 0.3f, 2, -1),
          sampling(1, 0, 1, 0, 3, 0),
          sampling(0.7f, 20, 1, 0.2f, 4, 2),
          sampling(1.3f, 0, 0.8f, 0.4f, 5, 20));

  /** Checks a result's row against what the host does with the row's logits. */
  private void assertChosen(
      float[] rowLogits, StepBatch.Want.Token wanted, StepResult result, int row) {
    SamplingParams params = wanted.params();
    float[] changed = rowLogits.clone();
    int[] mask = wanted.allowed() == null ? null : wanted.allowed().mask();
    int expected = new Sampler(changed.length).sample(changed, 0, params, wanted.history(), mask);
    int chosen = result.tokens()[row];
    if (chosen != expected) {
      assertNear(
          changed[expected],
          changed[chosen],
          roundingTolerance(),
          "row=%d chosen=%d instead of %d by %s".formatted(row, chosen, expected, params));
    }
    TokenLogprobs logprobs = result.logprobs()[row];
    if (params.topLogprobs() < 0) {
      assertNull(logprobs);
    } else {
      assertScored(rowLogits, chosen, params.topLogprobs(), logprobs);
    }
  }

  private void assertScored(
      float[] rowLogits, int token, int topCount, @Nullable TokenLogprobs logprobs) {
    assertNotNull(logprobs);
    assertEquals(token, logprobs.token());
    TokenLogprobs expected = Logprobs.of(rowLogits, 0, rowLogits.length, token, topCount);
    assertNear(expected.logprob(), logprobs.logprob(), logprobTolerance(), "token=" + token);
    assertEquals(topCount, logprobs.topTokens().length);
    for (int i = 0; i < topCount; i++) {
      float itsOwn =
          Logprobs.of(rowLogits, 0, rowLogits.length, logprobs.topTokens()[i], 0).logprob();
      assertNear(itsOwn, logprobs.topLogprobs()[i], logprobTolerance(), "rank=" + i);
      assertNear(
          expected.topLogprobs()[i], logprobs.topLogprobs()[i], logprobTolerance(), "rank=" + i);
    }
  }

  @Test
  void choosesTheTokensThatTheHostWouldChoose() throws IOException {
    try (Bench bench = new Bench(small("llama").build())) {
      int vocabulary = bench.architecture.vocabularySize();
      int[] unfinished = tokens(7, 30);
      bench.batch.clear();
      bench.batch.add(unfinished, 0, 5, bench.table(5), StepBatch.Want.NONE);
      List<StepBatch.Want.Token> wanted = new ArrayList<>();
      List<int[]> sequences = new ArrayList<>();
      for (SamplingParams params : WAYS_TO_CHOOSE) {
        int[] tokens = tokens(10, 40 + sequences.size());
        int promptTokens = 6 + sequences.size() % 5;
        sequences.add(tokens);
        wanted.add(new StepBatch.Want.Token(params, new History(tokens, 10, promptTokens)));
        bench.batch.add(tokens, 0, 10, bench.table(10), wanted.getLast());
      }
      bench.backend.begin(bench.batch);
      bench.batch.clear();
      StepResult result = bench.backend.await();
      assertEquals(wanted.size(), result.tokens().length);
      for (int row = 0; row < wanted.size(); row++) {
        float[] logits = bench.prefill(sequences.get(row), MAX_STEP_TOKENS);
        assertEquals(vocabulary, logits.length);
        assertChosen(logits, wanted.get(row), result, row);
      }
    }
  }

  /** A mask of one token in seven, for one row in two, and of another length than the logits. */
  @Test
  void choosesAllowedTokensOnly() throws IOException {
    for (int step = 0; step < 3; step++) {
      try (Bench bench = new Bench(small("llama").build())) {
        List<StepBatch.Want.Token> wanted = new ArrayList<>();
        List<int[]> sequences = new ArrayList<>();
        for (SamplingParams params : WAYS_TO_CHOOSE) {
          int[] tokens = tokens(5, 60 + sequences.size() + 10 * step);
          int[] mask = new int[bench.backend.vocabularySize() / 32 - step];
          for (int id = 3 + step; id < 32 * mask.length; id += 7) {
            mask[id / 32] |= 1 << id;
          }
          boolean masked = (sequences.size() + step) % 2 == 0;
          sequences.add(tokens);
          wanted.add(
              new StepBatch.Want.Token(
                  params, new History(tokens, 5, 5), masked ? () -> mask : null));
          bench.batch.add(tokens, 0, 5, bench.table(5), wanted.getLast());
        }
        bench.backend.begin(bench.batch);
        bench.batch.clear();
        StepResult result = bench.backend.await();
        for (int row = 0; row < wanted.size(); row++) {
          if (wanted.get(row).allowed() != null) {
            assertEquals(3 + step, result.tokens()[row] % 7, "row=" + row);
          }
          float[] logits = bench.prefill(sequences.get(row), MAX_STEP_TOKENS);
          assertChosen(logits, wanted.get(row), result, row);
        }
      }
    }
  }

  @Test
  void scoresAPromptAndChoosesTheTokenAfterIt() throws IOException {
    try (Bench bench = new Bench(small("llama").build())) {
      int[] prompt = tokens(20, 8);
      int[] other = tokens(4, 9);
      BlockTable table = bench.table(20);
      var next = new StepBatch.Want.Token(sampling(0, 0, 1, 0, 1, 1), new History(prompt, 20, 20));
      var greedy = new StepBatch.Want.Token(sampling(0, 0, 1, 0, 1, -1), new History(other, 4, 4));
      bench.batch.clear();
      bench.batch.add(prompt, 0, 8, table, new StepBatch.Want.Scores(3, 9, 2, null));
      bench.backend.begin(bench.batch);
      StepResult first = bench.backend.await();
      bench.batch.clear();
      bench.batch.add(prompt, 8, 12, table, new StepBatch.Want.Scores(9, 20, 2, next));
      bench.batch.add(other, 0, 4, bench.table(4), greedy);
      bench.backend.begin(bench.batch);
      StepResult second = bench.backend.await();
      assertEquals(6, first.tokens().length);
      assertEquals(11 + 1 + 1, second.tokens().length);
      for (int scored = 3; scored < 20; scored++) {
        float[] logits = bench.prefill(Arrays.copyOf(prompt, scored), MAX_STEP_TOKENS);
        StepResult result = scored < 9 ? first : second;
        int row = scored < 9 ? scored - 3 : scored - 9;
        assertEquals(-1, result.tokens()[row]);
        assertScored(logits, prompt[scored], 2, result.logprobs()[row]);
      }
      assertChosen(bench.prefill(prompt, MAX_STEP_TOKENS), next, second, 11);
      assertChosen(bench.prefill(other, MAX_STEP_TOKENS), greedy, second, 12);
    }
  }

  /** Decodes with as many steps begun ahead as the backend takes. */
  @Test
  void decodesOnWithTokensThatAreStillBeingChosen() throws IOException {
    try (Bench bench = new Bench(small("llama").build())) {
      int steps = 8;
      boolean ahead = bench.backend.pipelineDepth() > 1;
      SamplingParams[] params = {sampling(0, 0, 1, 0, 1, 1), sampling(1, 0, 0.9f, 0, 2, -1)};
      int[][] sequences = {tokens(9 + steps, 50), tokens(5 + steps, 51)};
      int[] lengths = {9, 5};
      BlockTable[] tables = {bench.table(9 + steps), bench.table(5 + steps)};
      List<StepResult> results = new ArrayList<>();
      for (int step = 0; step < steps; step++) {
        bench.batch.clear();
        for (int i = 0; i < 2; i++) {
          int count = lengths[i] + step;
          int from = step == 0 ? 0 : count - 1;
          var history = new History(sequences[i], count, lengths[i]);
          var wanted = new StepBatch.Want.Token(params[i], history);
          bench.batch.add(sequences[i], from, count - from, tables[i], wanted);
          sequences[i][count] = StepBatch.chosenBefore(i);
        }
        bench.backend.begin(bench.batch);
        if (!ahead || step > 0) {
          results.add(bench.backend.await());
          keepChosen(sequences, lengths, results);
        }
      }
      if (ahead) {
        results.add(bench.backend.await());
        keepChosen(sequences, lengths, results);
      }
      for (int step = 0; step < steps; step++) {
        for (int i = 0; i < 2; i++) {
          int count = lengths[i] + step;
          float[] logits = bench.prefill(Arrays.copyOf(sequences[i], count), MAX_STEP_TOKENS);
          var history = new History(sequences[i], count, lengths[i]);
          assertChosen(logits, new StepBatch.Want.Token(params[i], history), results.get(step), i);
        }
      }
    }
  }

  private static void keepChosen(int[][] sequences, int[] lengths, List<StepResult> results) {
    for (int i = 0; i < sequences.length; i++) {
      sequences[i][lengths[i] + results.size() - 1] = results.getLast().tokens()[i];
    }
  }

  @Test
  void takesNoMoreStepsThanItsPipelineIsDeep() throws IOException {
    try (Bench bench = new Bench(small("llama").build())) {
      assertThrows(IllegalStateException.class, bench.backend::await);
      int[] prompt = tokens(3, 1);
      bench.batch.clear();
      bench.batch.add(prompt, 0, 3, bench.table(3), StepBatch.Want.NONE);
      for (int i = 0; i < bench.backend.pipelineDepth(); i++) {
        bench.backend.begin(bench.batch);
      }
      assertThrows(IllegalStateException.class, () -> bench.backend.begin(bench.batch));
      for (int i = 0; i < bench.backend.pipelineDepth(); i++) {
        assertEquals(0, bench.backend.await().tokens().length);
      }
      assertThrows(IllegalStateException.class, bench.backend::await);
    }
  }
}
