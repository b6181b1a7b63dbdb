package io.fullbore.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Compares every decoder bit by bit with {@link #weight}, which derives one weight at a time from
 * the drawn layout and shares no code with the decoders.
 */
class RowDecoderTest {
  private static final int BLOCKS = 37;

  @ParameterizedTest
  @EnumSource
  void decodesWhatTheLayoutSays(WeightFormat format) {
    byte[] bytes = randomBlocks(format, 11);
    float[] decoded = new float[BLOCKS * format.blockElements()];
    format.decoder().decode(MemorySegment.ofArray(bytes), 0, decoded, 0, decoded.length);
    assertIsWhatTheLayoutSays(format, bytes, decoded, 0);
  }

  @ParameterizedTest
  @EnumSource
  void decodesFromNativeMemoryAtOddOffsets(WeightFormat format) {
    byte[] bytes = randomBlocks(format, 12);
    float[] decoded = new float[BLOCKS * format.blockElements() + 5];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocate(bytes.length + 3);
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, source, 3, bytes.length);
      format.decoder().decode(source, 3, decoded, 5, decoded.length - 5);
    }
    assertIsWhatTheLayoutSays(format, bytes, decoded, 5);
  }

  @ParameterizedTest
  @EnumSource
  void refusesShortSourcesAndCutBlocks(WeightFormat format) {
    int elements = 2 * format.blockElements();
    MemorySegment shortSource = MemorySegment.ofArray(new byte[2 * format.blockBytes() - 1]);
    RowDecoder decoder = format.decoder();
    assertThrows(
        IndexOutOfBoundsException.class,
        () -> decoder.decode(shortSource, 0, new float[elements], 0, elements));
    if (format.isQuantized()) {
      assertThrows(
          IllegalArgumentException.class,
          () -> decoder.decode(shortSource, 0, new float[elements], 0, elements - 1));
    }
  }

  @Test
  void decodesZeroElements() {
    float[] target = {7};
    WeightFormat.Q4_K.decoder().decode(MemorySegment.ofArray(new byte[0]), 0, target, 0, 0);
    assertEquals(7, target[0]);
  }

  private static void assertIsWhatTheLayoutSays(
      WeightFormat format, byte[] bytes, float[] decoded, int offset) {
    for (int i = 0; i < BLOCKS * format.blockElements(); i++) {
      int block = i / format.blockElements() * format.blockBytes();
      float expected = weight(format, bytes, block, i % format.blockElements());
      int index = i;
      assertEquals(
          Float.floatToIntBits(expected),
          Float.floatToIntBits(decoded[offset + i]),
          () -> "format=%s index=%d".formatted(format, index));
    }
  }

  /** Random bytes everywhere: scales may be subnormal, infinite or no number at all. */
  private static byte[] randomBlocks(WeightFormat format, long seed) {
    byte[] bytes = new byte[BLOCKS * format.blockBytes()];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static float weight(WeightFormat format, byte[] bytes, int block, int i) {
    return switch (format) {
      case F32 -> Float.intBitsToFloat(half(bytes, block) | half(bytes, block + 2) << 16);
      case F16 -> binary16(bytes, block);
      case BF16 -> Float.intBitsToFloat(half(bytes, block) << 16);
      case Q8_0 -> binary16(bytes, block) * bytes[block + 2 + i];
      case Q4_0 -> binary16(bytes, block) * (nibble(bytes, block + 2, i, 16) - 8);
      case Q4_1 ->
          binary16(bytes, block) * nibble(bytes, block + 4, i, 16) + binary16(bytes, block + 2);
      case Q5_0 ->
          binary16(bytes, block)
              * (nibble(bytes, block + 6, i, 16) + 16 * bit(bytes, block + 2, i) - 16);
      case Q5_1 ->
          binary16(bytes, block) * (nibble(bytes, block + 8, i, 16) + 16 * bit(bytes, block + 4, i))
              + binary16(bytes, block + 2);
      case Q2_K -> {
        int scales = at(bytes, block + i / 16);
        float scale = binary16(bytes, block + 80) * (scales % 16);
        float minimum = binary16(bytes, block + 82) * (scales / 16);
        yield scale * twoBits(bytes, block + 16, i) - minimum;
      }
      case Q3_K -> {
        float scale = binary16(bytes, block + 108) * (q3Scale(bytes, block + 96, i / 16) - 32);
        int positive = at(bytes, block + i % 32) >> i / 32 & 1;
        yield scale * (twoBits(bytes, block + 32, i) - (positive == 1 ? 0 : 4));
      }
      case Q4_K -> {
        int quant = nibble(bytes, block + 16 + i / 64 * 32, i % 64, 32);
        yield scaled(bytes, block, i / 32, quant);
      }
      case Q5_K -> {
        int quant = nibble(bytes, block + 48 + i / 64 * 32, i % 64, 32);
        int fifth = at(bytes, block + 16 + i % 32) >> i / 32 & 1;
        yield scaled(bytes, block, i / 32, quant + 16 * fifth);
      }
      case Q6_K -> {
        int low = nibble(bytes, block + i / 128 * 64, i % 128, 64);
        int upper = twoBits(bytes, block + 128, i);
        yield binary16(bytes, block + 208) * bytes[block + 192 + i / 16] * (low + 16 * upper - 32);
      }
    };
  }

  private static int at(byte[] bytes, int offset) {
    return Byte.toUnsignedInt(bytes[offset]);
  }

  private static int half(byte[] bytes, int offset) {
    return at(bytes, offset) + 256 * at(bytes, offset + 1);
  }

  private static float binary16(byte[] bytes, int offset) {
    return Float.float16ToFloat((short) half(bytes, offset));
  }

  /** Quant i of two times {@code run}: first the low nibbles, then the high ones. */
  private static int nibble(byte[] bytes, int offset, int i, int run) {
    return i < run ? at(bytes, offset + i) % 16 : at(bytes, offset + i - run) / 16;
  }

  private static int bit(byte[] bytes, int offset, int i) {
    return at(bytes, offset + i / 8) >> i % 8 & 1;
  }

  /** Halves of 128 quants in 32 bytes; byte b has quants b, 32 + b, 64 + b and 96 + b. */
  private static int twoBits(byte[] bytes, int offset, int i) {
    return at(bytes, offset + i / 128 * 32 + i % 32) >> 2 * (i % 128 / 32) & 3;
  }

  private static int q3Scale(byte[] bytes, int offset, int sub) {
    int low = sub < 8 ? at(bytes, offset + sub) % 16 : at(bytes, offset + sub - 8) / 16;
    int upper = at(bytes, offset + 8 + sub % 4) >> 2 * (sub / 4) & 3;
    return low + 16 * upper;
  }

  /** The 6-bit scales and minima that Q4_K and Q5_K share. */
  private static float scaled(byte[] bytes, int block, int sub, int quant) {
    int packed = block + 4;
    int scale;
    int minimum;
    if (sub < 4) {
      scale = at(bytes, packed + sub) % 64;
      minimum = at(bytes, packed + sub + 4) % 64;
    } else {
      scale = at(bytes, packed + sub + 4) % 16 + at(bytes, packed + sub - 4) / 64 * 16;
      minimum = at(bytes, packed + sub + 4) / 16 + at(bytes, packed + sub) / 64 * 16;
    }
    return binary16(bytes, block) * scale * quant - binary16(bytes, block + 2) * minimum;
  }
}
