package io.fullbore.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Metadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SyntheticModelTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen2", "qwen3"})
  void writesTheTensorsAndKeysOfItsArchitecture(String architecture) throws IOException {
    SyntheticModel model =
        SyntheticModel.builder(architecture).dim(64).heads(4, 2).ffn(96).layers(3).build();
    try (GgufFile file = write(model)) {
      Metadata metadata = file.metadata();
      assertEquals(architecture, metadata.requireString("general.architecture"));
      assertEquals(3, metadata.requireInteger(architecture + ".block_count", 1, 99));
      assertEquals(2, metadata.requireInteger(architecture + ".attention.head_count_kv", 1, 99));
      assertFalse(metadata.has(architecture + ".attention.key_length"));
      assertShape(file, "token_embd.weight", 512, 64);
      assertShape(file, "output.weight", 512, 64);
      assertShape(file, "blk.2.attn_q.weight", 64, 64);
      assertShape(file, "blk.2.attn_k.weight", 32, 64);
      assertShape(file, "blk.2.attn_output.weight", 64, 64);
      assertShape(file, "blk.2.ffn_down.weight", 64, 96);
      assertShape(file, "output_norm.weight", 1, 64);
      assertEquals(architecture.equals("qwen2"), file.tensor("blk.0.attn_v.bias").isPresent());
      assertEquals(
          architecture.equals("qwen3"), file.tensor("blk.0.attn_k_norm.weight").isPresent());
    }
  }

  @ParameterizedTest
  @EnumSource
  void storesMatricesInTheFormatAskedFor(WeightFormat format) throws IOException {
    SyntheticModel model = SyntheticModel.builder("llama").ffn(320).format(format).build();
    try (GgufFile file = write(model)) {
      assertEquals(format, file.tensor("blk.0.attn_q.weight").orElseThrow().format());
      assertEquals(WeightFormat.F32, file.tensor("blk.0.attn_norm.weight").orElseThrow().format());
      WeightFormat narrow = format.fits(320) ? format : WeightFormat.Q8_0;
      assertEquals(narrow, file.tensor("blk.0.ffn_down.weight").orElseThrow().format());
    }
  }

  @Test
  void storesRowsThatFitNoBlocksAsF16() throws IOException {
    SyntheticModel model =
        SyntheticModel.builder("llama").dim(40).heads(2, 1).format(WeightFormat.Q4_K).build();
    try (GgufFile file = write(model)) {
      assertEquals(WeightFormat.F16, file.tensor("blk.0.attn_q.weight").orElseThrow().format());
    }
  }

  @Test
  void weightsKeepActivationsAtUnitSize() throws IOException {
    try (GgufFile file = write(SyntheticModel.builder("llama").dim(256).build())) {
      assertMoments(file.tensor("token_embd.weight").orElseThrow(), 0, 1);
      assertMoments(file.tensor("blk.1.ffn_gate.weight").orElseThrow(), 0, 1 / 16.0);
      assertMoments(file.tensor("output.weight").orElseThrow(), 0, 3 / 16.0);
      float[] norm = new float[256];
      file.tensor("output_norm.weight").orElseThrow().decodeRow(0, norm, 0);
      for (float weight : norm) {
        assertEquals(1, weight, 0.4);
      }
    }
  }

  @Test
  void theSeedAloneDecidesTheBytes() throws IOException {
    SyntheticModel.Builder builder = SyntheticModel.builder("qwen2").format(WeightFormat.Q4_0);
    Path first = folder.resolve("1.gguf");
    Path second = folder.resolve("2.gguf");
    Path third = folder.resolve("3.gguf");
    builder.build().write(first, bytes -> {});
    builder.build().write(second, bytes -> {});
    builder.seed(2).build().write(third, bytes -> {});
    assertEquals(-1, Files.mismatch(first, second));
    assertTrue(Files.mismatch(first, third) > 0);
  }

  @Test
  void reportsProgressUpToTheEnd() throws IOException {
    SyntheticModel model = SyntheticModel.builder("llama").ropeFactors(true).build();
    AtomicLong last = new AtomicLong();
    model.write(
        folder.resolve("m.gguf"),
        bytes -> assertTrue(last.getAndSet(bytes) <= bytes, "progress goes forward"));
    assertEquals(model.dataBytes(), last.get());
  }

  @Test
  void tiedOutputAndOwnHeadSizesAndRopeFactors() throws IOException {
    SyntheticModel model =
        SyntheticModel.builder("llama")
            .dim(64)
            .heads(4, 4)
            .headDim(32)
            .tiedOutput(true)
            .ropeFactors(true)
            .ropeTheta(500_000)
            .build();
    try (GgufFile file = write(model)) {
      assertTrue(file.tensor("output.weight").isEmpty());
      assertMoments(file.tensor("token_embd.weight").orElseThrow(), 0, 2 / 8.0);
      assertEquals(32, file.metadata().requireInteger("llama.attention.key_length", 1, 99));
      assertShape(file, "blk.0.attn_q.weight", 128, 64);
      assertShape(file, "blk.0.attn_output.weight", 64, 128);
      float[] factors = new float[16];
      file.tensor("rope_freqs.weight").orElseThrow().decodeRow(0, factors, 0);
      assertEquals(1, factors[0]);
      assertEquals(8, factors[15]);
      float[] sorted = factors.clone();
      Arrays.sort(sorted);
      assertArrayEquals(sorted, factors);
    }
  }

  @Test
  void refusesSizesThatDoNotGoTogether() {
    assertRefused("arch=gpt9", SyntheticModel.builder("gpt9"));
    assertRefused("heads=4", SyntheticModel.builder("llama").heads(4, 3));
    assertRefused("dim=0", SyntheticModel.builder("llama").dim(0));
    assertRefused("headDim=7", SyntheticModel.builder("llama").headDim(7));
    assertRefused("headDim=32", SyntheticModel.builder("qwen2").headDim(32));
    assertRefused("vocabulary=299", SyntheticModel.builder("llama").vocabularyTokens(299));
    assertRefused("ropeFactors", SyntheticModel.builder("qwen3").ropeFactors(true));
    assertRefused("ropeTheta", SyntheticModel.builder("llama").ropeTheta(Double.NaN));
  }

  private GgufFile write(SyntheticModel model) throws IOException {
    Path path = folder.resolve("model.gguf");
    model.write(path, bytes -> {});
    return GgufFile.open(path);
  }

  private static void assertShape(GgufFile file, String name, int rows, int columns) {
    Tensor tensor = file.tensor(name).orElseThrow();
    assertEquals(rows, tensor.rows(), name);
    assertEquals(columns, tensor.columns(), name);
  }

  private static void assertMoments(Tensor tensor, double mean, double deviation) {
    double sum = 0;
    double squares = 0;
    float[] row = new float[tensor.columns()];
    for (int i = 0; i < tensor.rows(); i++) {
      tensor.decodeRow(i, row, 0);
      for (float weight : row) {
        sum += weight;
        squares += (double) weight * weight;
      }
    }
    double count = (double) tensor.rows() * tensor.columns();
    assertEquals(mean, sum / count, 0.05 * deviation, tensor.name());
    assertEquals(deviation, Math.sqrt(squares / count), 0.05 * deviation, tensor.name());
  }

  private static void assertRefused(String part, SyntheticModel.Builder builder) {
    String message = assertThrows(IllegalArgumentException.class, builder::build).getMessage();
    assertTrue(message.contains(part), message);
  }
}
