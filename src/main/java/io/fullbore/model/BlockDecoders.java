package io.fullbore.model;

import static io.fullbore.model.WeightFormat.requireWholeBlocks;

import java.lang.foreign.MemorySegment;

/**
 * Decoders of the formats with blocks of 32 weights and one 16-bit scale each, after the layouts of
 * ggml ({@code ggml-common.h}). Numbers beside the drawings are byte offsets; {@code d} and {@code
 * m} are binary16.
 *
 * <p>Quants are read eight bytes at a time: one bounds check and one load then serve 8 or 16
 * weights.
 */
final class BlockDecoders {
  private static final int ELEMENTS = 32;

  private BlockDecoders() {}

  /**
   * <pre>
   *   0    2                              34
   *   | d  | q0 q1 q2 …               q31 |   signed bytes
   *   w[i] = d * q[i]
   * </pre>
   */
  static void q8_0(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 34) {
      float scale = half(source, block);
      for (int i = 0; i < ELEMENTS; i += 8) {
        long quants = source.get(LittleEndian.LONG, block + 2 + i);
        int at = targetOffset + done + i;
        for (int j = 0; j < 8; j++) {
          target[at + j] = scale * (byte) (quants >>> 8 * j);
        }
      }
    }
  }

  /**
   * <pre>
   *   0    2                18
   *   | d  | b0 b1 …    b15 |   low nibble of b[i]: q[i], high nibble: q[i + 16]
   *   w[i] = d * (q[i] - 8)
   * </pre>
   */
  static void q4_0(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 18) {
      float scale = half(source, block);
      for (int i = 0; i < 16; i += 8) {
        long quants = source.get(LittleEndian.LONG, block + 2 + i);
        int at = targetOffset + done + i;
        for (int j = 0; j < 8; j++) {
          int pair = (int) (quants >>> 8 * j);
          target[at + j] = scale * ((pair & 15) - 8);
          target[at + j + 16] = scale * ((pair >>> 4 & 15) - 8);
        }
      }
    }
  }

  /**
   * <pre>
   *   0    2    4                20
   *   | d  | m  | b0 b1 …    b15 |   nibbles as in q4_0
   *   w[i] = d * q[i] + m
   * </pre>
   */
  static void q4_1(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 20) {
      float scale = half(source, block);
      float minimum = half(source, block + 2);
      for (int i = 0; i < 16; i += 8) {
        long quants = source.get(LittleEndian.LONG, block + 4 + i);
        int at = targetOffset + done + i;
        for (int j = 0; j < 8; j++) {
          int pair = (int) (quants >>> 8 * j);
          target[at + j] = scale * (pair & 15) + minimum;
          target[at + j + 16] = scale * (pair >>> 4 & 15) + minimum;
        }
      }
    }
  }

  /**
   * <pre>
   *   0    2        6                22
   *   | d  | high   | b0 b1 …    b15 |   nibbles as in q4_0; bit i of high is the fifth bit of q[i]
   *   w[i] = d * (q[i] - 16)
   * </pre>
   */
  static void q5_0(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 22) {
      float scale = half(source, block);
      int high = source.get(LittleEndian.INT, block + 2);
      for (int i = 0; i < 16; i += 8) {
        long quants = source.get(LittleEndian.LONG, block + 6 + i);
        int fifth = high >>> i;
        int at = targetOffset + done + i;
        for (int j = 0; j < 8; j++) {
          int pair = (int) (quants >>> 8 * j);
          target[at + j] = scale * ((pair & 15 | (fifth >>> j & 1) << 4) - 16);
          target[at + j + 16] = scale * ((pair >>> 4 & 15 | (fifth >>> j + 16 & 1) << 4) - 16);
        }
      }
    }
  }

  /**
   * <pre>
   *   0    2    4        8                24
   *   | d  | m  | high   | b0 b1 …    b15 |   quants as in q5_0
   *   w[i] = d * q[i] + m
   * </pre>
   */
  static void q5_1(
      MemorySegment source, long offsetBytes, float[] target, int targetOffset, int elementCount) {
    requireWholeBlocks(elementCount, ELEMENTS);
    long block = offsetBytes;
    for (int done = 0; done < elementCount; done += ELEMENTS, block += 24) {
      float scale = half(source, block);
      float minimum = half(source, block + 2);
      int high = source.get(LittleEndian.INT, block + 4);
      for (int i = 0; i < 16; i += 8) {
        long quants = source.get(LittleEndian.LONG, block + 8 + i);
        int fifth = high >>> i;
        int at = targetOffset + done + i;
        for (int j = 0; j < 8; j++) {
          int pair = (int) (quants >>> 8 * j);
          target[at + j] = scale * (pair & 15 | (fifth >>> j & 1) << 4) + minimum;
          target[at + j + 16] = scale * (pair >>> 4 & 15 | (fifth >>> j + 16 & 1) << 4) + minimum;
        }
      }
    }
  }

  private static float half(MemorySegment source, long offsetBytes) {
    return Float.float16ToFloat(source.get(LittleEndian.SHORT, offsetBytes));
  }
}
