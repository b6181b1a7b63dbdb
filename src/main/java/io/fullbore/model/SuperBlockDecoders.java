package io.fullbore.model;

import static io.fullbore.model.WeightFormat.requireWholeBlocks;

import java.lang.foreign.MemorySegment;

/**
 * Decoders of the formats with super-blocks of 256 weights ("K-quants"), after the layouts of ggml
 * ({@code ggml-common.h}): sub-blocks of 16 or 32 weights have small integer scales, which the
 * binary16 {@code d} (and {@code dmin}, for their minima) of the super-block multiply. Numbers
 * beside the drawings are byte offsets.
 *
 * <p>Packed scales are unpacked four bytes at a time within one int.
 */
final class SuperBlockDecoders {
  private static final int ELEMENTS = 256;
  private static final int LOW_2_BITS = 0x03030303;
  private static final int LOW_4_BITS = 0x0f0f0f0f;
  private static final int LOW_6_BITS = 0x3f3f3f3f;

  private SuperBlockDecoders() {}

  /**
   * <pre>
   *   0          16         80   82      84
   *   | scales   | quants   | d  | dmin  |
   *   scales[s]: low nibble the scale, high nibble the minimum of sub-block s of 16 weights
   *   quants:    two halves of 32 bytes; half h, byte b, bits 2k and up: q[128h + 32k + b]
   *   w = (d * scale) * q - dmin * minimum
   * </pre>
   */
  static void q2K(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 84) {
      float d = half(source, block + 80);
      float dmin = half(source, block + 82);
      for (int sub = 0; sub < 16; sub++) {
        int packed = source.get(LittleEndian.BYTE, block + sub);
        float scale = d * (packed & 15);
        float minimum = dmin * (packed >>> 4 & 15);
        int shift = sub >> 1 << 1 & 6;
        long quants = block + 16 + (sub >> 3) * 32 + (sub & 1) * 16;
        int at = targetOffset + done + sub * 16;
        for (int i = 0; i < 16; i++) {
          int quant = source.get(LittleEndian.BYTE, quants + i) >>> shift & 3;
          target[at + i] = scale * quant - minimum;
        }
      }
    }
  }

  /**
   * <pre>
   *   0         32         96         108  110
   *   | high    | quants   | scales   | d  |
   *   quants: the low two bits, as in q2K
   *   high:   byte b, bit 4h + k: set where q[128h + 32k + b] is not negative
   *   scales: 16 of 6 bits; low nibbles in bytes 0..7 (sub-blocks 0..7 low, 8..15 high nibble),
   *           two upper bits in bytes 8..11 (sub-blocks s, s + 4, s + 8, s + 12 in byte 8 + s)
   *   w = (d * (scale - 32)) * (low - (high ? 0 : 4))
   * </pre>
   */
  static void q3K(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 110) {
      float d = half(source, block + 108);
      int low = source.get(LittleEndian.INT, block + 96);
      int mid = source.get(LittleEndian.INT, block + 100);
      int upper = source.get(LittleEndian.INT, block + 104);
      long first =
          join(
              low & LOW_4_BITS | (upper & LOW_2_BITS) << 4,
              mid & LOW_4_BITS | (upper >>> 2 & LOW_2_BITS) << 4);
      long second =
          join(
              low >>> 4 & LOW_4_BITS | (upper >>> 4 & LOW_2_BITS) << 4,
              mid >>> 4 & LOW_4_BITS | (upper >>> 6 & LOW_2_BITS) << 4);
      for (int sub = 0; sub < 16; sub++) {
        float scale = d * (byteOf(sub < 8 ? first : second, sub & 7) - 32);
        int shift = sub >> 1 << 1 & 6;
        long high = block + (sub & 1) * 16;
        long quants = high + 32 + (sub >> 3) * 32;
        int at = targetOffset + done + sub * 16;
        for (int i = 0; i < 16; i++) {
          int quant = source.get(LittleEndian.BYTE, quants + i) >>> shift & 3;
          int positive = source.get(LittleEndian.BYTE, high + i) >>> (sub >> 1) & 1;
          target[at + i] = scale * (quant - 4 + 4 * positive);
        }
      }
    }
  }

  /**
   * <pre>
   *   0    2      4          16              144
   *   | d  | dmin | scales   | nibbles       |
   *   scales:  8 scales and 8 minima of 6 bits, see {@link #scalesOf} and {@link #minimaOf}
   *   nibbles: byte 32p + b: q[64p + b] low, q[64p + 32 + b] high; sub-blocks of 32 weights
   *   w = (d * scale) * q - dmin * minimum
   * </pre>
   */
  static void q4K(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 144) {
      float d = half(source, block);
      float dmin = half(source, block + 2);
      long scales = scalesOf(source, block + 4);
      long minima = minimaOf(source, block + 4);
      for (int pair = 0; pair < 4; pair++) {
        float lowScale = d * byteOf(scales, 2 * pair);
        float lowMinimum = dmin * byteOf(minima, 2 * pair);
        float highScale = d * byteOf(scales, 2 * pair + 1);
        float highMinimum = dmin * byteOf(minima, 2 * pair + 1);
        for (int i = 0; i < 32; i += 8) {
          long nibbles = source.get(LittleEndian.LONG, block + 16 + pair * 32 + i);
          int at = targetOffset + done + pair * 64 + i;
          for (int j = 0; j < 8; j++) {
            int both = (int) (nibbles >>> 8 * j);
            target[at + j] = lowScale * (both & 15) - lowMinimum;
            target[at + j + 32] = highScale * (both >>> 4 & 15) - highMinimum;
          }
        }
      }
    }
  }

  /**
   * <pre>
   *   0    2      4          16      48              176
   *   | d  | dmin | scales   | high  | nibbles       |
   *   scales, nibbles: as in q4K
   *   high: byte b, bit s: the fifth bit of q[32s + b]
   *   w = (d * scale) * q - dmin * minimum
   * </pre>
   */
  static void q5K(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 176) {
      float d = half(source, block);
      float dmin = half(source, block + 2);
      long scales = scalesOf(source, block + 4);
      long minima = minimaOf(source, block + 4);
      for (int pair = 0; pair < 4; pair++) {
        float lowScale = d * byteOf(scales, 2 * pair);
        float lowMinimum = dmin * byteOf(minima, 2 * pair);
        float highScale = d * byteOf(scales, 2 * pair + 1);
        float highMinimum = dmin * byteOf(minima, 2 * pair + 1);
        for (int i = 0; i < 32; i += 8) {
          long nibbles = source.get(LittleEndian.LONG, block + 48 + pair * 32 + i);
          long fifth = source.get(LittleEndian.LONG, block + 16 + i) >>> 2 * pair;
          int at = targetOffset + done + pair * 64 + i;
          for (int j = 0; j < 8; j++) {
            int both = (int) (nibbles >>> 8 * j);
            int bits = (int) (fifth >>> 8 * j);
            target[at + j] = lowScale * (both & 15 | (bits & 1) << 4) - lowMinimum;
            target[at + j + 32] = highScale * (both >>> 4 & 15 | (bits & 2) << 3) - highMinimum;
          }
        }
      }
    }
  }

  /**
   * <pre>
   *   0            128         192        208  210
   *   | nibbles    | upper     | scales   | d  |
   *   nibbles: two halves of 64 bytes; half h, byte b: q[128h + b] low, q[128h + 64 + b] high
   *   upper:   two halves of 32 bytes; half h, byte b, bits 2k and up: the upper two bits of
   *            q[128h + 32k + b]
   *   scales:  16 signed bytes, sub-blocks of 16 weights
   *   w = (d * scale) * (q - 32)
   * </pre>
   */
  static void q6K(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 210) {
      float d = half(source, block + 208);
      for (int sub = 0; sub < 16; sub += 8) {
        for (int i = 0; i < 32; i += 8) {
          long scales = block + 192 + sub + (i >> 4);
          float scale0 = d * source.get(LittleEndian.BYTE, scales);
          float scale1 = d * source.get(LittleEndian.BYTE, scales + 2);
          float scale2 = d * source.get(LittleEndian.BYTE, scales + 4);
          float scale3 = d * source.get(LittleEndian.BYTE, scales + 6);
          long first = source.get(LittleEndian.LONG, block + sub * 8 + i);
          long second = source.get(LittleEndian.LONG, block + sub * 8 + 32 + i);
          long upper = source.get(LittleEndian.LONG, block + 128 + sub * 4 + i);
          int at = targetOffset + done + sub * 16 + i;
          for (int j = 0; j < 8; j++) {
            int a = (int) (first >>> 8 * j);
            int b = (int) (second >>> 8 * j);
            int u = (int) (upper >>> 8 * j);
            target[at + j] = scale0 * ((a & 15 | (u & 3) << 4) - 32);
            target[at + j + 32] = scale1 * ((b & 15 | (u & 12) << 2) - 32);
            target[at + j + 64] = scale2 * ((a >>> 4 & 15 | u & 48) - 32);
            target[at + j + 96] = scale3 * ((b >>> 4 & 15 | (u & 192) >>> 2) - 32);
          }
        }
      }
    }
  }

  /**
   * The eight 6-bit scales as bytes of one long. Scales 0..3 are the low six bits of bytes 0..3;
   * scales 4..7 have their low nibble in the low nibble of bytes 8..11 and their upper two bits on
   * top of bytes 0..3.
   */
  private static long scalesOf(MemorySegment source, long packed) {
    int first = source.get(LittleEndian.INT, packed);
    int last = source.get(LittleEndian.INT, packed + 8);
    return join(first & LOW_6_BITS, last & LOW_4_BITS | (first >>> 6 & LOW_2_BITS) << 4);
  }

  /** The eight 6-bit minima: like the scales, from bytes 4..7 and the high nibbles of 8..11. */
  private static long minimaOf(MemorySegment source, long packed) {
    int first = source.get(LittleEndian.INT, packed + 4);
    int last = source.get(LittleEndian.INT, packed + 8);
    return join(first & LOW_6_BITS, last >>> 4 & LOW_4_BITS | (first >>> 6 & LOW_2_BITS) << 4);
  }

  private static long join(int low, int high) {
    return Integer.toUnsignedLong(low) | (long) high << 32;
  }

  private static int byteOf(long bytes, int index) {
    return (int) (bytes >>> 8 * index) & 255;
  }

  private static float half(MemorySegment source, long offsetBytes) {
    return Float.float16ToFloat(source.get(LittleEndian.SHORT, offsetBytes));
  }
}
