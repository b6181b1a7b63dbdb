package io.fullbore.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.fullbore.core.Metadata;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufWriterTest {
  @TempDir Path folder;

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("z.text", "满血");
    values.put("a.count", 7L);
    values.put("negative", -7L);
    values.put("large", Long.MAX_VALUE);
    values.put("small", Long.MIN_VALUE);
    values.put("number", 0.5);
    values.put("flag", true);
    values.put("integers", new long[] {1, -2, 3});
    values.put("unsigned", new long[] {0xffff_ffffL});
    values.put("longs", new long[] {1L << 40, -1});
    values.put("floats", new float[] {1.5f, -0f});
    values.put("flags", new boolean[] {true, false});
    values.put("strings", new String[] {"", "x"});
    values.put("empty", new long[0]);
    Path path = folder.resolve("m.gguf");
    write(path, new Metadata(values), List.of());
    try (GgufFile file = GgufFile.open(path)) {
      Map<String, Object> read = file.metadata().values();
      assertEquals(List.copyOf(values.keySet()), List.copyOf(read.keySet()));
      assertArrayEquals(values.values().toArray(), read.values().toArray());
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 4", "4294967295, 4", "4294967296, 10", "-1, 5", "-2147483649, 11"})
  void picksTheIntegerTypeThatOthersExpect(long value, int type) throws IOException {
    Path path = folder.resolve("m.gguf");
    write(path, new Metadata(Map.of("k", value)), List.of());
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(type, bytes.getInt(24 + 8 + 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 32, 256})
  void alignsTensorsOfOddSizes(int alignment) throws IOException {
    List<TensorSpec> specs =
        List.of(
            TensorSpec.vector("a", WeightFormat.F32, 3),
            TensorSpec.matrix("b", WeightFormat.F16, 5, 7),
            TensorSpec.vector("c", WeightFormat.Q8_0, 32));
    Path path = folder.resolve("m.gguf");
    write(path, new Metadata(Map.of("general.alignment", (long) alignment)), specs);
    try (GgufFile file = GgufFile.open(path)) {
      for (int i = 0; i < specs.size(); i++) {
        TensorInfo info = file.tensors().get(i);
        assertEquals(specs.get(i).shape(), info.shape());
        assertEquals(0, info.offsetBytes() % alignment);
        byte[] data = file.tensor(info.name()).orElseThrow().data().toArray(ValueLayout.JAVA_BYTE);
        assertArrayEquals(pattern(specs.get(i)), data);
      }
    }
  }

  @Test
  void replacesAFileAndLeavesNothingElse() throws IOException {
    Path path = Files.writeString(folder.resolve("m.gguf"), "old");
    write(path, new Metadata(Map.of()), List.of());
    GgufFile.open(path).close();
    assertEquals(List.of(path), filesInFolder());
  }

  @Test
  void keepsTheOldFileWhenNothingIsCommitted() throws IOException {
    Path path = Files.writeString(folder.resolve("m.gguf"), "old");
    TensorSpec spec = TensorSpec.vector("t", WeightFormat.F32, 2);
    try (GgufWriter writer = GgufWriter.create(path, new Metadata(Map.of()), List.of(spec))) {
      writer.append(MemorySegment.ofArray(new byte[4]));
      assertThrows(IllegalStateException.class, writer::commit);
    }
    assertEquals("old", Files.readString(path));
    assertEquals(List.of(path), filesInFolder());
  }

  @Test
  void refusesMoreDataThanDeclared() throws IOException {
    TensorSpec spec = TensorSpec.vector("t", WeightFormat.F32, 2);
    Path path = folder.resolve("m.gguf");
    try (GgufWriter writer = GgufWriter.create(path, new Metadata(Map.of()), List.of(spec))) {
      MemorySegment tooMuch = MemorySegment.ofArray(new byte[9]);
      assertThrows(IllegalArgumentException.class, () -> writer.append(tooMuch));
      writer.append(tooMuch.asSlice(0, 8));
      MemorySegment more = tooMuch.asSlice(8);
      assertThrows(IllegalArgumentException.class, () -> writer.append(more));
    }
  }

  @Test
  void refusesWhatCannotBeWritten() {
    Path path = folder.resolve("m.gguf");
    assertThrows(
        IllegalArgumentException.class,
        () -> GgufWriter.create(path, new Metadata(Map.of("k", new Object())), List.of()));
    assertThrows(
        IllegalArgumentException.class,
        () -> GgufWriter.create(path, new Metadata(Map.of("general.alignment", 24L)), List.of()));
    assertThrows(
        IllegalArgumentException.class, () -> TensorSpec.vector("t", WeightFormat.Q4_K, 255));
    assertThrows(
        IllegalArgumentException.class,
        () -> new TensorSpec("t", WeightFormat.F32, List.of(1L, 0L)));
  }

  private static void write(Path path, Metadata metadata, List<TensorSpec> specs)
      throws IOException {
    try (GgufWriter writer = GgufWriter.create(path, metadata, specs)) {
      for (TensorSpec spec : specs) {
        MemorySegment data = MemorySegment.ofArray(pattern(spec));
        writer.append(data.asSlice(0, 5));
        writer.append(data.asSlice(5));
      }
      writer.commit();
    }
  }

  private static byte[] pattern(TensorSpec spec) {
    byte[] bytes = new byte[(int) spec.sizeBytes()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i + spec.name().charAt(0));
    }
    return bytes;
  }

  private List<Path> filesInFolder() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
