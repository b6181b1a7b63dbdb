package io.fullbore.model;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.fullbore.core.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the bytes are: a file, or a {@link ModelFormatException} that says what and where. */
class GgufMalformedTest {
  private static final int F32 = WeightFormat.F32.typeId();

  @Test
  void refusesOtherKindsOfFiles() {
    assertRefused(new GgufBytes().raw("PK\3\4 and so on".getBytes()), "no GGUF", "test.gguf");
    assertRefused(GgufBytes.header(1, 0, 0), "version=1", "convert");
    assertRefused(GgufBytes.header(4, 0, 0), "version=4");
    assertRefused(GgufBytes.header(Integer.reverseBytes(3), 0, 0), "big-endian");
    assertRefused(new GgufBytes(), "needs 4 more bytes where 0 are left");
  }

  @ParameterizedTest
  @ValueSource(longs = {2, 1 << 20, Integer.MAX_VALUE, Long.MAX_VALUE, -1})
  void refusesCountsThatTheFileCannotHold(long count) {
    assertRefused(GgufBytes.header(3, count, 0).zeros(20));
    assertRefused(GgufBytes.header(3, 0, count).zeros(20));
    assertRefused(GgufBytes.header(3, 0, 1).key("k", GgufValueType.STRING).u64(count).u8(1));
    for (GgufValueType type : GgufValueType.values()) {
      assertRefused(GgufBytes.header(3, 0, 1).arrayKey("k", type, count).u8(1), "key=k");
    }
  }

  @Test
  void refusesArraysBeyondAllVocabularies() {
    int count = (1 << 21) + 1;
    GgufBytes bytes =
        GgufBytes.header(3, 0, 2)
            .arrayKey("a", GgufValueType.UINT8, count)
            .zeros(count)
            .arrayKey("b", GgufValueType.UINT8, count)
            .zeros(count);
    assertRefused(bytes, "key=b", "array elements=2097153");
  }

  @Test
  void refusesBadValues() {
    assertRefused(
        GgufBytes.header(3, 0, 1).key("k", GgufValueType.UINT64).u64(-1),
        "key=k",
        "18446744073709551615");
    assertRefused(GgufBytes.header(3, 0, 1).string("k").u32(13), "key=k", "type=13");
    assertRefused(
        GgufBytes.header(3, 0, 1).arrayKey("k", GgufValueType.ARRAY, 1), "arrays of arrays");
    assertRefused(
        GgufBytes.header(3, 0, 2)
            .key("k", GgufValueType.BOOL)
            .u8(1)
            .key("k", GgufValueType.BOOL)
            .u8(1),
        "key=k",
        "twice");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 3, 48, 1L << 21, 1L << 32, Long.MIN_VALUE})
  void refusesAlignmentsThatAreNoPowersOfTwo(long alignment) {
    assertRefused(
        GgufBytes.header(3, 0, 1).key("general.alignment", GgufValueType.INT64).u64(alignment),
        "general.alignment");
  }

  @Test
  void refusesAlignmentsOfAnotherType() {
    assertRefused(
        GgufBytes.header(3, 0, 1).key("general.alignment", GgufValueType.STRING).string("32"),
        "general.alignment");
  }

  @Test
  void refusesOnePartOfMany() {
    assertRefused(
        GgufBytes.header(3, 0, 1).key("split.count", GgufValueType.UINT16).u16(4),
        "4 parts",
        "--merge");
  }

  @Test
  void refusesBadTensors() {
    assertRefused(oneTensor(20, 0, 32), "tensor=t", "IQ4_NL");
    assertRefused(oneTensor(-1, 0, 32), "tensor=t", "4294967295");
    assertRefused(oneTensor(F32, 0), "dimensions=0");
    assertRefused(oneTensor(F32, 0, 1, 1, 1, 1, 1), "dimensions=5");
    assertRefused(oneTensor(F32, 0, 0), "dimension of 0");
    assertRefused(oneTensor(F32, 0, 1, 0), "dimension of 0");
    assertRefused(oneTensor(F32, 0, -1), "tensor=t");
    assertRefused(oneTensor(F32, 0, 1L << 31), "2147483648");
    assertRefused(oneTensor(F32, 0, 1, 1L << 20, 1L << 20), "rows");
    assertRefused(oneTensor(F32, 0, Integer.MAX_VALUE, Integer.MAX_VALUE), "overflows");
    assertRefused(oneTensor(WeightFormat.Q8_0.typeId(), 0, 33), "blocks of 32");
    assertRefused(oneTensor(F32, 8, 1), "not aligned to 32");
    assertRefused(oneTensor(F32, -32, 1), "tensor=t");
    GgufBytes twice = GgufBytes.header(3, 2, 0).tensor("t", F32, 0, 1).tensor("t", F32, 0, 1);
    assertRefused(twice.zeros(64), "tensor=t", "twice");
  }

  @Test
  void saysWhatATruncatedFileLacks() {
    GgufBytes bytes = GgufBytes.header(3, 1, 0).tensor("t", F32, 32, 8).padTo(32).zeros(63);
    assertRefused(bytes, "tensor=t", "truncated", "needs 128 bytes", "has 127");
    assertRefused(oneTensor(F32, Long.MAX_VALUE - 31, 1), "truncated");
    assertRefused(oneTensor(F32, 0, 1 << 30, 1 << 30), "truncated");
  }

  @Test
  void keepsControlCharactersOutOfMessages() {
    String message =
        assertThrows(
                ModelFormatException.class,
                GgufBytes.header(3, 0, 1).string("a\nb\u001b[31m" + "x".repeat(500)).u32(99)::open)
            .getMessage();
    assertTrue(message.contains("key=a?b?[31m"), message);
    assertTrue(message.length() < 300, message);
  }

  @Test
  void refusesEveryPrefixOfAFile() {
    byte[] whole = smallFile();
    GgufFile.of(MemorySegment.ofArray(whole), "whole");
    for (int length = 0; length < whole.length; length++) {
      MemorySegment prefix = MemorySegment.ofArray(Arrays.copyOf(whole, length));
      assertThrows(ModelFormatException.class, () -> GgufFile.of(prefix, "prefix"));
    }
  }

  @Test
  void survivesRandomMutations() {
    byte[] whole = smallFile();
    Random random = new Random(42);
    for (int i = 0; i < 20_000; i++) {
      byte[] mutated = whole.clone();
      for (int j = random.nextInt(4); j >= 0; j--) {
        mutated[random.nextInt(mutated.length)] = mutation(random);
      }
      try {
        readAll(GgufFile.of(MemorySegment.ofArray(mutated), "mutated"));
      } catch (ModelFormatException expected) {
        assertTrue(expected.getMessage().startsWith("file=mutated offset="));
      } catch (RuntimeException e) {
        fail("mutation " + i, e);
      }
    }
  }

  private static byte mutation(Random random) {
    byte[] extremes = {0, 1, -1, 127, -128, 8, 9};
    return random.nextBoolean()
        ? (byte) random.nextInt(256)
        : extremes[random.nextInt(extremes.length)];
  }

  private static void readAll(GgufFile file) {
    for (TensorInfo info : file.tensors()) {
      Tensor tensor = file.tensor(info.name()).orElseThrow();
      tensor.decodeRow(tensor.rows() - 1, new float[tensor.columns()], 0);
    }
  }

  private static byte[] smallFile() {
    return GgufBytes.header(3, 3, 5)
        .key("general.alignment", GgufValueType.UINT32)
        .u32(32)
        .key("name", GgufValueType.STRING)
        .string("small")
        .arrayKey("tokens", GgufValueType.STRING, 3)
        .string("a")
        .string("bc")
        .string("def")
        .arrayKey("types", GgufValueType.INT32, 3)
        .u32(1)
        .u32(1)
        .u32(3)
        .key("eps", GgufValueType.FLOAT32)
        .u32(Float.floatToIntBits(1e-5f))
        .tensor("a", F32, 0, 4)
        .tensor("b", WeightFormat.Q8_0.typeId(), 32, 32, 2)
        .tensor("c", WeightFormat.F16.typeId(), 128, 2, 2, 2, 2)
        .padTo(32)
        .zeros(128 + 32)
        .bytes();
  }

  private static GgufBytes oneTensor(int typeId, long offset, long... shape) {
    return GgufBytes.header(3, 1, 0).tensor("t", typeId, offset, shape).padTo(32).zeros(128);
  }

  private static void assertRefused(GgufBytes bytes, String... parts) {
    String message = assertThrows(ModelFormatException.class, bytes::open).getMessage();
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }
}
