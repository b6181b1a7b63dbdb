package io.fullbore.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RowEncoderTest {
  @ParameterizedTest
  @EnumSource
  void whatIsEncodedDecodesWithinTheFormatsError(WeightFormat format) {
    if (format.encoder().isEmpty()) {
      return;
    }
    Random random = new Random(5);
    float[] weights = new float[4096];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) random.nextGaussian();
    }
    float[] decoded = encodeAndDecode(format, weights);
    double squares = 0;
    for (int i = 0; i < weights.length; i++) {
      squares += Math.pow(weights[i] - decoded[i], 2);
    }
    double rms = Math.sqrt(squares / weights.length);
    assertTrue(rms <= largestRms(format), () -> "format=%s rms=%g".formatted(format, rms));
  }

  /** What unit normal weights may lose at most; about 1.3 times what ggml's encoders lose. */
  private static double largestRms(WeightFormat format) {
    return switch (format) {
      case F32 -> 0;
      case F16 -> 3e-4;
      case BF16 -> 2.5e-3;
      case Q8_0 -> 0.0065;
      case Q4_0 -> 0.12;
      case Q4_1 -> 0.10;
      case Q5_0 -> 0.06;
      case Q5_1 -> 0.05;
      case Q2_K -> 0.45;
      case Q3_K -> 0.25;
      case Q4_K -> 0.11;
      case Q5_K -> 0.055;
      case Q6_K -> 0.03;
    };
  }

  @ParameterizedTest
  @EnumSource
  void encodingWhatWasDecodedChangesLittle(WeightFormat format) {
    if (format.encoder().isEmpty()) {
      return;
    }
    float[] weights = new float[512];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (i * 37 % 101 - 50) / 16f;
    }
    float[] once = encodeAndDecode(format, weights);
    assertArrayEquals(once, encodeAndDecode(format, once), 0.2f);
  }

  @ParameterizedTest
  @EnumSource
  void zerosStayZeros(WeightFormat format) {
    if (format.encoder().isEmpty()) {
      return;
    }
    float[] zeros = new float[256];
    assertArrayEquals(zeros, encodeAndDecode(format, zeros), Float.MIN_VALUE);
  }

  @Test
  void roundsHalfAwayFromZeroInBytes() {
    float[] weights = new float[32];
    weights[0] = 127;
    weights[1] = 2.5f;
    weights[2] = -2.5f;
    weights[3] = 0.49999997f;
    byte[] block = new byte[34];
    WeightFormat.Q8_0
        .encoder()
        .orElseThrow()
        .encode(weights, 0, MemorySegment.ofArray(block), 0, 32);
    assertArrayEquals(new byte[] {127, 3, -3, 0}, Arrays.copyOfRange(block, 2, 6));
  }

  @Test
  void roundsBf16ToEvenAndKeepsNan() {
    float tieDown = Float.intBitsToFloat(0x3f808000);
    float tieUp = Float.intBitsToFloat(0x3f818000);
    float[] decoded =
        encodeAndDecode(
            WeightFormat.BF16,
            new float[] {tieDown, tieUp, Float.NaN, Float.NEGATIVE_INFINITY, -1.5f});
    assertEquals(0x3f800000, Float.floatToIntBits(decoded[0]));
    assertEquals(0x3f820000, Float.floatToIntBits(decoded[1]));
    assertTrue(Float.isNaN(decoded[2]));
    assertEquals(Float.NEGATIVE_INFINITY, decoded[3]);
    assertEquals(-1.5f, decoded[4]);
  }

  @Test
  void refusesToCutABlock() {
    RowEncoder encoder = WeightFormat.Q4_0.encoder().orElseThrow();
    MemorySegment target = MemorySegment.ofArray(new byte[18]);
    assertThrows(
        IllegalArgumentException.class, () -> encoder.encode(new float[32], 0, target, 0, 31));
  }

  private static float[] encodeAndDecode(WeightFormat format, float[] weights) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[(int) format.rowBytes(weights.length)]);
    format.encoder().orElseThrow().encode(weights, 0, bytes, 0, weights.length);
    float[] decoded = new float[weights.length];
    format.decoder().decode(bytes, 0, decoded, 0, weights.length);
    return decoded;
  }
}
