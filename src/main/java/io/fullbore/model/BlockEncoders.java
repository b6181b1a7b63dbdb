package io.fullbore.model;

import static io.fullbore.model.WeightFormat.requireWholeBlocks;

import java.lang.foreign.MemorySegment;

/**
 * Encoders of the formats with blocks of 32 weights; layouts are drawn in {@link BlockDecoders}.
 * They give the bytes of ggml's {@code quantize_row_*_ref}: the scale comes from the block's
 * extremes, and each weight is rounded to the nearest quant by the unrounded scale.
 */
final class BlockEncoders {
  private static final int ELEMENTS = 32;

  private BlockEncoders() {}

  static void q8_0(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 34) {
      int at = sourceOffset + done;
      float scale = Math.abs(largest(source, at)) / 127;
      float inverse = inverse(scale);
      setHalf(target, block, scale);
      for (int i = 0; i < ELEMENTS; i++) {
        int quant = roundHalfAway(source[at + i] * inverse);
        target.set(LittleEndian.BYTE, block + 2 + i, (byte) quant);
      }
    }
  }

  static void q4_0(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 18) {
      int at = sourceOffset + done;
      float scale = largest(source, at) / -8;
      float inverse = inverse(scale);
      setHalf(target, block, scale);
      for (int i = 0; i < 16; i++) {
        int low = clamp((int) (source[at + i] * inverse + 8.5f), 15);
        int high = clamp((int) (source[at + i + 16] * inverse + 8.5f), 15);
        target.set(LittleEndian.BYTE, block + 2 + i, (byte) (low | high << 4));
      }
    }
  }

  static void q4_1(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 20) {
      int at = sourceOffset + done;
      float minimum = minimum(source, at);
      float scale = (maximum(source, at) - minimum) / 15;
      float inverse = inverse(scale);
      setHalf(target, block, scale);
      setHalf(target, block + 2, minimum);
      for (int i = 0; i < 16; i++) {
        int low = clamp((int) ((source[at + i] - minimum) * inverse + 0.5f), 15);
        int high = clamp((int) ((source[at + i + 16] - minimum) * inverse + 0.5f), 15);
        target.set(LittleEndian.BYTE, block + 4 + i, (byte) (low | high << 4));
      }
    }
  }

  static void q5_0(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 22) {
      int at = sourceOffset + done;
      float scale = largest(source, at) / -16;
      float inverse = inverse(scale);
      setHalf(target, block, scale);
      int fifthBits = 0;
      for (int i = 0; i < 16; i++) {
        int low = clamp((int) (source[at + i] * inverse + 16.5f), 31);
        int high = clamp((int) (source[at + i + 16] * inverse + 16.5f), 31);
        fifthBits |= low >>> 4 << i | high >>> 4 << i + 16;
        target.set(LittleEndian.BYTE, block + 6 + i, (byte) (low & 15 | high << 4));
      }
      target.set(LittleEndian.INT, block + 2, fifthBits);
    }
  }

  static void q5_1(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 24) {
      int at = sourceOffset + done;
      float minimum = minimum(source, at);
      float scale = (maximum(source, at) - minimum) / 31;
      float inverse = inverse(scale);
      setHalf(target, block, scale);
      setHalf(target, block + 2, minimum);
      int fifthBits = 0;
      for (int i = 0; i < 16; i++) {
        int low = clamp((int) ((source[at + i] - minimum) * inverse + 0.5f), 31);
        int high = clamp((int) ((source[at + i + 16] - minimum) * inverse + 0.5f), 31);
        fifthBits |= low >>> 4 << i | high >>> 4 << i + 16;
        target.set(LittleEndian.BYTE, block + 8 + i, (byte) (low & 15 | high << 4));
      }
      target.set(LittleEndian.INT, block + 4, fifthBits);
    }
  }

  /** The first of the block's weights with the largest magnitude. */
  private static float largest(float[] source, int at) {
    float largest = 0;
    for (int i = at; i < at + ELEMENTS; i++) {
      if (Math.abs(source[i]) > Math.abs(largest)) {
        largest = source[i];
      }
    }
    return largest;
  }

  private static float minimum(float[] source, int at) {
    float minimum = source[at];
    for (int i = at + 1; i < at + ELEMENTS; i++) {
      minimum = source[i] < minimum ? source[i] : minimum;
    }
    return minimum;
  }

  private static float maximum(float[] source, int at) {
    float maximum = source[at];
    for (int i = at + 1; i < at + ELEMENTS; i++) {
      maximum = source[i] > maximum ? source[i] : maximum;
    }
    return maximum;
  }

  private static float inverse(float scale) {
    return scale == 0 ? 0 : 1 / scale;
  }

  /** C's {@code roundf}; adding a half and cutting off would get 0.49999997 wrong. */
  private static int roundHalfAway(float value) {
    int cut = (int) value;
    float rest = value - cut;
    return rest >= 0.5f ? cut + 1 : rest <= -0.5f ? cut - 1 : cut;
  }

  private static int clamp(int quant, int largest) {
    return Math.clamp(quant, 0, largest);
  }

  private static void setHalf(MemorySegment target, long offsetBytes, float value) {
    target.set(LittleEndian.SHORT, offsetBytes, Float.floatToFloat16(value));
  }
}
