package io.fullbore.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fullbore.core.Metadata;
import io.fullbore.core.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufFileTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void readsEveryTypeOfValue(int version) {
    GgufFile file =
        GgufBytes.header(version, 0, 13)
            .key("u8", GgufValueType.UINT8)
            .u8(200)
            .key("i8", GgufValueType.INT8)
            .u8(-3)
            .key("u16", GgufValueType.UINT16)
            .u16(60000)
            .key("i16", GgufValueType.INT16)
            .u16(-4)
            .key("u32", GgufValueType.UINT32)
            .u32(-1)
            .key("i32", GgufValueType.INT32)
            .u32(-1)
            .key("u64", GgufValueType.UINT64)
            .u64(Long.MAX_VALUE)
            .key("i64", GgufValueType.INT64)
            .u64(-5)
            .key("f32", GgufValueType.FLOAT32)
            .u32(Float.floatToIntBits(0.5f))
            .key("f64", GgufValueType.FLOAT64)
            .u64(Double.doubleToLongBits(0.1))
            .key("yes", GgufValueType.BOOL)
            .u8(1)
            .key("no", GgufValueType.BOOL)
            .u8(0)
            .key("text", GgufValueType.STRING)
            .string("满血 ▁")
            .open();
    Metadata metadata = file.metadata();
    assertEquals(
        List.of(
            200L,
            -3L,
            60000L,
            -4L,
            4294967295L,
            -1L,
            Long.MAX_VALUE,
            -5L,
            0.5,
            0.1,
            true,
            false,
            "满血 ▁"),
        List.copyOf(metadata.values().values()));
    assertEquals("u8", metadata.values().keySet().iterator().next());
    assertEquals(List.of(), file.tensors());
  }

  @Test
  void readsArrays() {
    Metadata metadata =
        GgufBytes.header(3, 0, 5)
            .arrayKey("integers", GgufValueType.INT32, 2)
            .u32(-7)
            .u32(7)
            .arrayKey("floats", GgufValueType.FLOAT32, 1)
            .u32(Float.floatToIntBits(-2.5f))
            .arrayKey("doubles", GgufValueType.FLOAT64, 1)
            .u64(Double.doubleToLongBits(1.5))
            .arrayKey("flags", GgufValueType.BOOL, 3)
            .u8(1)
            .u8(0)
            .u8(1)
            .arrayKey("strings", GgufValueType.STRING, 2)
            .string("")
            .string("ab")
            .open()
            .metadata();
    assertArrayEquals(new long[] {-7, 7}, metadata.integers("integers").orElseThrow());
    assertArrayEquals(new float[] {-2.5f}, metadata.numbers("floats").orElseThrow());
    assertArrayEquals(new float[] {1.5f}, metadata.numbers("doubles").orElseThrow());
    assertArrayEquals(
        new boolean[] {true, false, true}, (boolean[]) metadata.values().get("flags"));
    assertArrayEquals(new String[] {"", "ab"}, metadata.strings("strings").orElseThrow());
  }

  @Test
  void findsTensorsWithTheirData() {
    GgufBytes bytes =
        GgufBytes.header(3, 2, 1)
            .key("general.alignment", GgufValueType.UINT32)
            .u32(64)
            .tensor("vector", WeightFormat.F32.typeId(), 0, 2)
            .tensor("matrix", WeightFormat.Q8_0.typeId(), 64, 64, 3)
            .padTo(64);
    int dataStart = bytes.bytes().length;
    bytes.u32(Float.floatToIntBits(1.25f)).u32(Float.floatToIntBits(-8f)).padTo(64);
    for (int block = 0; block < 6; block++) {
      bytes.u16(Float.floatToFloat16(block)).zeros(31).u8(2);
    }
    GgufFile file = bytes.open();
    assertEquals(
        new TensorInfo("matrix", WeightFormat.Q8_0, List.of(64L, 3L), dataStart + 64, 6 * 34),
        file.tensors().get(1));
    float[] row = new float[64];
    Tensor matrix = file.tensor("matrix").orElseThrow();
    matrix.decodeRow(2, row, 0);
    assertEquals(3, matrix.rows());
    assertEquals(64, matrix.columns());
    assertEquals(8, row[31]);
    assertEquals(10, row[63]);
    float[] vector = new float[2];
    Tensor stored = file.tensor("vector").orElseThrow();
    stored.decodeRow(0, vector, 0);
    assertEquals(1, stored.rows());
    assertArrayEquals(new float[] {1.25f, -8f}, vector);
    assertEquals(Optional.empty(), file.tensor("nothing"));
  }

  @Test
  void multipliesOuterDimensions() {
    GgufFile file =
        GgufBytes.header(3, 1, 0)
            .tensor("experts", WeightFormat.F16.typeId(), 0, 4, 3, 2)
            .padTo(32)
            .zeros(48)
            .open();
    Tensor tensor = file.tensor("experts").orElseThrow();
    assertEquals(6, tensor.rows());
    assertEquals(4, tensor.columns());
  }

  @Test
  void mapsAFileUntilItIsClosed() throws IOException {
    Path path = folder.resolve("model.gguf");
    Files.write(
        path,
        GgufBytes.header(3, 1, 0)
            .tensor("t", WeightFormat.F32.typeId(), 0, 1)
            .padTo(32)
            .u32(Float.floatToIntBits(3f))
            .bytes());
    GgufFile file = GgufFile.open(path);
    Tensor tensor = file.tensor("t").orElseThrow();
    float[] value = new float[1];
    tensor.decodeRow(0, value, 0);
    assertEquals(3f, value[0]);
    assertTrue(tensor.data().isReadOnly());
    file.close();
    file.close();
    assertThrows(IllegalStateException.class, () -> tensor.decodeRow(0, value, 0));
  }

  @Test
  void saysWhatIsNoFile() throws IOException {
    assertThrows(NoSuchFileException.class, () -> GgufFile.open(folder.resolve("absent.gguf")));
    assertThrows(ModelFormatException.class, () -> GgufFile.open(folder));
    Path empty = Files.createFile(folder.resolve("empty.gguf"));
    String message =
        assertThrows(ModelFormatException.class, () -> GgufFile.open(empty)).getMessage();
    assertTrue(message.contains("empty.gguf"), message);
  }

  @ParameterizedTest
  @CsvSource({
    "ggml-vocab-llama-spm.gguf, 32000",
    "ggml-vocab-gpt-2.gguf, 50257",
    "ggml-vocab-deepseek-coder.gguf, 32256"
  })
  void readsRealVocabularies(String name, int tokenCount) throws IOException {
    Path path =
        Path.of(System.getProperty("fullbore.shared", "../shared")).resolve("tokenizers", name);
    assumeTrue(Files.exists(path), () -> path + " is not here");
    try (GgufFile file = GgufFile.open(path)) {
      assertEquals(
          tokenCount, file.metadata().strings("tokenizer.ggml.tokens").orElseThrow().length);
      assertEquals(
          tokenCount, file.metadata().integers("tokenizer.ggml.token_type").orElseThrow().length);
      assertEquals(List.of(), file.tensors());
    }
  }
}
