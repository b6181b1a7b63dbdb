package io.fullbore.backend.cpu;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fullbore.backend.Backend;
import io.fullbore.backend.KvSizing;
import io.fullbore.backend.StepBatch;
import io.fullbore.backend.cpu.KernelLibrary.Search;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.kv.BlockTable;
import io.fullbore.kv.KvCache;
import io.fullbore.model.Architecture;
import io.fullbore.model.GgufFile;
import io.fullbore.model.SyntheticModel;
import io.fullbore.model.WeightFormat;
import io.fullbore.model.Weights;
import io.fullbore.tokenizer.Tokenizer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The kernels in C against the scalar twin, on models of a less small shape; and their memory. */
class NativeAgreementTest {
  private static final int TOKENS = 100;
  private static final int VOCABULARY = 1000;
  private static final String DEMO = "/io/fullbore/demo/";

  /** Mean difference of log-probabilities of what a trained model answers. */
  private static final double OF_TRAINED = 0.02;

  private static final KvSizing SIZING = new KvSizing(16, 16, 256, TOKENS);

  /**
   * Mean difference of log-probabilities, as a part of their spread over the text. Rounding
   * normally distributed activations to 8 bits by blocks of 32 errs by half a percent at each
   * matrix, and random weights do not forgive what trained ones do.
   */
  private static final double OF_SPREAD_QUANTIZED = 0.04;

  /** Rounding to bfloat16 errs by a sixth of a percent. */
  private static final double OF_SPREAD_HALF = 0.02;

  private static final double OF_SPREAD = 0.001;

  @TempDir Path folder;
  private Kernels kernels;

  @BeforeEach
  void findKernels() {
    Search search = KernelLibrary.inJar().fastest();
    assumeTrue(search instanceof Search.Found, search.toString());
    kernels = ((Search.Found) search).kernels();
  }

  /** An open model file. */
  private record Model(GgufFile file, DecoderGraph graph) implements AutoCloseable {
    static Model write(Path path, SyntheticModel model) throws IOException {
      model.write(path, bytes -> {});
      GgufFile file = GgufFile.open(path);
      Architecture architecture = Architecture.of(file.metadata());
      return new Model(file, DecoderGraph.of(architecture, Weights.of(file, architecture)));
    }

    @Override
    public void close() {
      file.close();
    }
  }

  private static SyntheticModel.Builder model(String family) {
    return SyntheticModel.builder(family)
        .dim(512)
        .heads(8, 2)
        .layers(3)
        .ffn(1024)
        .vocabularyTokens(VOCABULARY)
        .contextTokens(256);
  }

  /** The log-probabilities of a fixed random text's tokens. */
  private static double[] textLogprobs(Backend backend) {
    return textLogprobs(backend, new Random(11).ints(TOKENS, 0, VOCABULARY).toArray());
  }

  /** The log-probabilities of a text's tokens, each after those before it. */
  private static double[] textLogprobs(Backend backend, int[] tokens) {
    int count = tokens.length;
    BlockTable table = new BlockTable();
    new KvCache(backend.blockCount(), backend.blockTokens(), false).grow(table, count);
    StepBatch batch = new StepBatch(count);
    batch.add(tokens, 0, count, table, StepBatch.Want.ALL);
    int width = backend.vocabularySize();
    float[] logits = new float[count * width];
    backend.forward(batch, logits);
    double[] logprobs = new double[count - 1];
    for (int row = 0; row < logprobs.length; row++) {
      double sum = 0;
      for (int i = 0; i < width; i++) {
        sum += Math.exp(logits[row * width + i]);
      }
      logprobs[row] = logits[row * width + tokens[row + 1]] - Math.log(sum);
    }
    return logprobs;
  }

  private void assertAgrees(SyntheticModel synthetic) throws IOException {
    try (Model model = Model.write(folder.resolve("model.gguf"), synthetic);
        Backend scalar = new ScalarBackend(model.graph, SIZING, 2, "a test");
        Backend fast = NativeBackend.open(kernels, model.graph, SIZING, 2)) {
      double[] expected = textLogprobs(scalar);
      double difference = difference(expected, textLogprobs(fast));
      double allowed = ofSpread(synthetic.format()) * spread(expected);
      assertTrue(difference < allowed, "difference=%f of %f".formatted(difference, allowed));
    }
  }

  /** Mean of the absolute differences. */
  private static double difference(double[] expected, double[] actual) {
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.abs(expected[i] - actual[i]) / expected.length;
    }
    return difference;
  }

  private static double ofSpread(WeightFormat format) {
    return switch (format) {
      case F32 -> OF_SPREAD;
      case F16, BF16 -> OF_SPREAD_HALF;
      default -> OF_SPREAD_QUANTIZED;
    };
  }

  private static double spread(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    double square = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    return Math.sqrt(square);
  }

  @ParameterizedTest
  @EnumSource(WeightFormat.class)
  void givesTheScalarTwinsProbabilitiesInEveryFormat(WeightFormat format) throws IOException {
    assertAgrees(model("llama").format(format).build());
  }

  @ParameterizedTest
  @EnumSource(
      value = WeightFormat.class,
      names = {"F16", "Q8_0", "Q4_K"})
  void givesTheScalarTwinsProbabilitiesInEveryFamily(WeightFormat format) throws IOException {
    assertAgrees(model("qwen2").tiedOutput(true).format(format).build());
    assertAgrees(model("qwen3").headDim(128).format(format).build());
    assertAgrees(model("llama").ropeFactors(true).heads(6, 1).headDim(80).format(format).build());
  }

  @Test
  void givesTheScalarTwinsProbabilitiesOfATrainedModelsAnswers() throws IOException {
    Path path = folder.resolve("demo.gguf");
    Files.write(path, resource("fullbore-demo.gguf"));
    try (GgufFile file = GgufFile.open(path)) {
      Tokenizer tokenizer = Tokenizer.of(file.metadata());
      KvSizing sizing = new KvSizing(16, 1024 / 16, 1024, 1024);
      Architecture architecture = Architecture.of(file.metadata());
      DecoderGraph graph = DecoderGraph.of(architecture, Weights.of(file, architecture));
      try (Backend scalar = new ScalarBackend(graph, sizing, 2, "a test");
          Backend fast = NativeBackend.open(kernels, graph, sizing, 2)) {
        double sum = 0;
        int count = 0;
        for (String line : new String(resource("heldout.jsonl"), UTF_8).lines().toList()) {
          JsonObject prompt = new JsonObject(line);
          int[] before = tokenizer.encodeTemplate(asked(prompt));
          int[] all =
              tokenizer.encodeTemplate(asked(prompt) + prompt.getString("answer") + "<|im_end|>");
          double[] expected = textLogprobs(scalar, all);
          double[] actual = textLogprobs(fast, all);
          for (int i = before.length - 1; i < expected.length; i++, count++) {
            sum += Math.abs(expected[i] - actual[i]);
          }
        }
        assertTrue(sum / count < OF_TRAINED, "difference=%f".formatted(sum / count));
      }
    }
  }

  /** A conversation up to the answer, as the demo model's template has it. */
  private static String asked(JsonObject prompt) {
    StringBuilder text = new StringBuilder();
    for (Object message : prompt.getJsonArray("messages")) {
      JsonObject each = (JsonObject) message;
      String content = each.getString("content", "");
      text.append("<|im_start|>%s\n%s<|im_end|>\n".formatted(each.getString("role"), content));
    }
    return text.append("<|im_start|>assistant\n").toString();
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream input = NativeAgreementTest.class.getResourceAsStream(DEMO + name)) {
      return Objects.requireNonNull(input, name).readAllBytes();
    }
  }

  @Test
  void theEmbeddingIsReadAgainAfterItsPagesWereGivenBack() throws IOException {
    SyntheticModel tied = model("llama").tiedOutput(true).format(WeightFormat.Q8_0).build();
    try (Model model = Model.write(folder.resolve("model.gguf"), tied)) {
      double[] first;
      try (Backend backend = NativeBackend.open(kernels, model.graph, SIZING, 2)) {
        first = textLogprobs(backend);
      }
      try (Backend backend = NativeBackend.open(kernels, model.graph, SIZING, 1)) {
        double[] again = textLogprobs(backend);
        for (int i = 0; i < first.length; i++) {
          assertEquals(first[i], again[i]);
        }
      }
    }
  }

  @Test
  void aClosedBackendGivesAllItsMemoryBack() throws IOException {
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "no /proc here");
    SyntheticModel large = model("llama").dim(1024).ffn(4096).format(WeightFormat.F32).build();
    try (Model model = Model.write(folder.resolve("model.gguf"), large)) {
      long weightBytes = model.file.sizeBytes();
      NativeBackend.open(kernels, model.graph, SIZING, 2).close();
      long before = anonymousBytes();
      for (int i = 0; i < 5; i++) {
        NativeBackend backend = NativeBackend.open(kernels, model.graph, SIZING, 2);
        backend.close();
        backend.close();
      }
      long grown = anonymousBytes() - before;
      assertTrue(grown < weightBytes, "grown=%d weightBytes=%d".formatted(grown, weightBytes));
    }
  }

  /** Memory of this process that is no file's. */
  private static long anonymousBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("RssAnon:")) {
        return 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException("/proc/self/status has no RssAnon");
  }

  @Test
  void aClosedBackendRefusesAStep() throws IOException {
    try (Model model = Model.write(folder.resolve("model.gguf"), model("llama").build())) {
      NativeBackend backend = NativeBackend.open(kernels, model.graph, SIZING, 2);
      backend.close();
      assertThrows(IllegalStateException.class, () -> textLogprobs(backend));
    }
  }
}
