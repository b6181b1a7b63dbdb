package io.fullbore.model;

import java.lang.foreign.MemorySegment;

/** The formats without blocks: binary32, binary16 and bfloat16, one number after the other. */
final class FloatRows {
  private FloatRows() {}

  static void decodeF32(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount) {
    MemorySegment.copy(source, LittleEndian.FLOAT, offsetBytes, target, targetOffset, elementCount);
  }

  static void encodeF32(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount) {
    MemorySegment.copy(source, sourceOffset, target, LittleEndian.FLOAT, offsetBytes, elementCount);
  }

  static void decodeF16(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount) {
    WeightFormat.requireWholeBlocks(elementCount, 1);
    for (int i = 0; i < elementCount; i++) {
      target[targetOffset + i] =
          Float.float16ToFloat(source.get(LittleEndian.SHORT, offsetBytes + 2L * i));
    }
  }

  /** Rounds to nearest, ties to even. */
  static void encodeF16(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount) {
    WeightFormat.requireWholeBlocks(elementCount, 1);
    for (int i = 0; i < elementCount; i++) {
      target.set(
          LittleEndian.SHORT, offsetBytes + 2L * i, Float.floatToFloat16(source[sourceOffset + i]));
    }
  }

  static void decodeBf16(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount) {
    WeightFormat.requireWholeBlocks(elementCount, 1);
    for (int i = 0; i < elementCount; i++) {
      target[targetOffset + i] =
          Float.intBitsToFloat(source.get(LittleEndian.SHORT, offsetBytes + 2L * i) << 16);
    }
  }

  /** Rounds to nearest, ties to even; a NaN stays one. */
  static void encodeBf16(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount) {
    WeightFormat.requireWholeBlocks(elementCount, 1);
    for (int i = 0; i < elementCount; i++) {
      target.set(LittleEndian.SHORT, offsetBytes + 2L * i, bf16(source[sourceOffset + i]));
    }
  }

  private static short bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    int tieToEven = bits >>> 16 & 1;
    return (short) (bits + 0x7fff + tieToEven >>> 16);
  }
}
