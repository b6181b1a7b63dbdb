package io.fullbore.model;

import static io.fullbore.model.WeightFormat.requireWholeBlocks;

import java.lang.foreign.MemorySegment;

/**
 * Encoders of the formats with super-blocks of 256 weights; layouts are drawn in {@link
 * SuperBlockDecoders}. Scales come from the extremes of each sub-block, without ggml's search for
 * better ones: valid files of slightly lower quality, good for synthetic weights and tests.
 */
final class SuperBlockEncoders {
  private static final int ELEMENTS = 256;

  /** One super-block in integers, before it is packed. */
  private static final class Quantized {
    float d;
    float dmin;
    final int[] scales = new int[16];
    final int[] minima = new int[16];
    final int[] quants = new int[ELEMENTS]; // never negative

    /**
     * {@code w = d * scale * q - dmin * minimum}, scale and minimum in {@code [0, scaleLevels]}.
     */
    void affine(float[] source, int at, int subElements, int levels, int scaleLevels) {
      int subs = ELEMENTS / subElements;
      float[] subScales = new float[subs];
      float[] subMinima = new float[subs];
      float largestScale = 0;
      float largestMinimum = 0;
      for (int sub = 0; sub < subs; sub++) {
        float minimum = 0;
        float maximum = Float.NEGATIVE_INFINITY;
        for (int i = at + sub * subElements; i < at + (sub + 1) * subElements; i++) {
          minimum = Math.min(minimum, source[i]);
          maximum = Math.max(maximum, source[i]);
        }
        subScales[sub] = Math.max(0, maximum - minimum) / levels;
        subMinima[sub] = -minimum;
        largestScale = Math.max(largestScale, subScales[sub]);
        largestMinimum = Math.max(largestMinimum, subMinima[sub]);
      }
      d = roundToHalf(largestScale / scaleLevels);
      dmin = roundToHalf(largestMinimum / scaleLevels);
      for (int sub = 0; sub < subs; sub++) {
        scales[sub] = quantize(subScales[sub], d, 0, scaleLevels);
        minima[sub] = quantize(subMinima[sub], dmin, 0, scaleLevels);
        float scale = d * scales[sub];
        float minimum = dmin * minima[sub];
        for (int i = sub * subElements; i < (sub + 1) * subElements; i++) {
          quants[i] = quantize(source[at + i] + minimum, scale, 0, levels);
        }
      }
    }

    /**
     * {@code w = d * scale * (q - half)} with sub-blocks of 16 and scale in {@code [-scaleHalf,
     * scaleHalf)}.
     */
    void symmetric(float[] source, int at, int half, int scaleHalf) {
      float[] subScales = new float[16];
      float largestScale = 0;
      for (int sub = 0; sub < 16; sub++) {
        float largest = 0;
        for (int i = at + sub * 16; i < at + sub * 16 + 16; i++) {
          largest = Math.abs(source[i]) > Math.abs(largest) ? source[i] : largest;
        }
        subScales[sub] = largest / -half;
        if (Math.abs(subScales[sub]) > Math.abs(largestScale)) {
          largestScale = subScales[sub];
        }
      }
      d = roundToHalf(largestScale / -scaleHalf);
      for (int sub = 0; sub < 16; sub++) {
        scales[sub] = quantize(subScales[sub], d, -scaleHalf, scaleHalf - 1);
        float scale = d * scales[sub];
        for (int i = sub * 16; i < sub * 16 + 16; i++) {
          quants[i] = quantize(source[at + i], scale, -half, half - 1) + half;
        }
      }
    }

    private static int quantize(float value, float scale, int least, int most) {
      return scale == 0 ? 0 : Math.clamp(Math.round(value / scale), least, most);
    }

    private static float roundToHalf(float value) {
      return Float.float16ToFloat(Float.floatToFloat16(value));
    }
  }

  private SuperBlockEncoders() {}

  static void q2K(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    Quantized q = new Quantized();
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 84) {
      q.affine(source, sourceOffset + done, 16, 3, 15);
      for (int sub = 0; sub < 16; sub++) {
        setByte(target, block + sub, q.scales[sub] | q.minima[sub] << 4);
      }
      packTwoBits(q.quants, 0, target, block + 16);
      setHalf(target, block + 80, q.d);
      setHalf(target, block + 82, q.dmin);
    }
  }

  static void q3K(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    Quantized q = new Quantized();
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 110) {
      q.symmetric(source, sourceOffset + done, 4, 32);
      packBitPlane(q.quants, 2, target, block);
      packTwoBits(q.quants, 0, target, block + 32);
      int[] upper = new int[4];
      for (int sub = 0; sub < 16; sub++) {
        q.scales[sub] += 32;
        upper[sub % 4] |= q.scales[sub] >>> 4 << sub / 4 * 2;
      }
      for (int i = 0; i < 8; i++) {
        setByte(target, block + 96 + i, (q.scales[i] & 15) | q.scales[i + 8] << 4);
      }
      for (int i = 0; i < 4; i++) {
        setByte(target, block + 104 + i, upper[i]);
      }
      setHalf(target, block + 108, q.d);
    }
  }

  static void q4K(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    Quantized q = new Quantized();
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 144) {
      q.affine(source, sourceOffset + done, 32, 15, 63);
      packScalesAndMinima(q, target, block);
      packNibbles(q.quants, 32, target, block + 16);
    }
  }

  static void q5K(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    Quantized q = new Quantized();
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 176) {
      q.affine(source, sourceOffset + done, 32, 31, 63);
      packScalesAndMinima(q, target, block);
      packBitPlane(q.quants, 4, target, block + 16);
      packNibbles(q.quants, 32, target, block + 48);
    }
  }

  static void q6K(
      float[] source, int sourceOffset, MemorySegment target, long offsetBytes, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    Quantized q = new Quantized();
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 210) {
      q.symmetric(source, sourceOffset + done, 32, 128);
      packNibbles(q.quants, 64, target, block);
      packTwoBits(q.quants, 4, target, block + 128);
      for (int sub = 0; sub < 16; sub++) {
        setByte(target, block + 192 + sub, q.scales[sub]);
      }
      setHalf(target, block + 208, q.d);
    }
  }

  /** The common head of q4K and q5K. */
  private static void packScalesAndMinima(Quantized q, MemorySegment target, long block) {
    setHalf(target, block, q.d);
    setHalf(target, block + 2, q.dmin);
    for (int i = 0; i < 4; i++) {
      setByte(target, block + 4 + i, q.scales[i] | q.scales[i + 4] >>> 4 << 6);
      setByte(target, block + 8 + i, q.minima[i] | q.minima[i + 4] >>> 4 << 6);
      setByte(target, block + 12 + i, (q.scales[i + 4] & 15) | q.minima[i + 4] << 4);
    }
  }

  /** In every {@code run} bytes: the low nibbles of one run of quants and those of the next. */
  private static void packNibbles(int[] quants, int run, MemorySegment target, long offsetBytes) {
    for (int i = 0; i < ELEMENTS / 2; i++) {
      int first = i / run * 2 * run + i % run;
      setByte(target, offsetBytes + i, (quants[first] & 15) | quants[first + run] << 4);
    }
  }

  /** Bits {@code shift} and up: byte b of half h has those of quants 128h + b + 0, 32, 64, 96. */
  private static void packTwoBits(int[] quants, int shift, MemorySegment target, long offsetBytes) {
    for (int i = 0; i < ELEMENTS / 4; i++) {
      int packed = 0;
      for (int k = 0; k < 4; k++) {
        packed |= (quants[i / 32 * 128 + k * 32 + i % 32] >>> shift & 3) << 2 * k;
      }
      setByte(target, offsetBytes + i, packed);
    }
  }

  /** Bit {@code bit} of quants b + 0, 32, 64 … in byte b. */
  private static void packBitPlane(int[] quants, int bit, MemorySegment target, long offsetBytes) {
    for (int i = 0; i < 32; i++) {
      int packed = 0;
      for (int k = 0; k < 8; k++) {
        packed |= (quants[k * 32 + i] >>> bit & 1) << k;
      }
      setByte(target, offsetBytes + i, packed);
    }
  }

  private static void setByte(MemorySegment target, long offsetBytes, int value) {
    target.set(LittleEndian.BYTE, offsetBytes, (byte) value);
  }

  private static void setHalf(MemorySegment target, long offsetBytes, float value) {
    target.set(LittleEndian.SHORT, offsetBytes, Float.floatToFloat16(value));
  }
}
