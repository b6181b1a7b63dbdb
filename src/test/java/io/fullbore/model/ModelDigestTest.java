package io.fullbore.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ModelDigestTest {
  private static final int HEAD_BYTES = 5 << 20;

  private static String digest(byte[] bytes, int headBytes) {
    return ModelDigest.of(MemorySegment.ofArray(bytes), headBytes);
  }

  private static String changed(byte[] bytes, int at) {
    byte[] other = bytes.clone();
    other[at]++;
    return digest(other, HEAD_BYTES);
  }

  @Test
  void everyByteOfHeaderAndShortWeightsCounts() {
    byte[] bytes = new byte[(10 << 20) + 3];
    new Random(1).nextBytes(bytes);
    String digest = digest(bytes, HEAD_BYTES);
    assertEquals(64, digest.length());
    assertEquals(digest, digest(bytes.clone(), HEAD_BYTES));
    for (int at : new int[] {0, HEAD_BYTES - 1, HEAD_BYTES, bytes.length - 1}) {
      assertNotEquals(digest, changed(bytes, at));
    }
  }

  @Test
  void ofLongWeightsTheHeaderAndBothEndsCount() {
    byte[] bytes = new byte[40 << 20];
    String digest = digest(bytes, HEAD_BYTES);
    for (int at : new int[] {0, HEAD_BYTES - 1, HEAD_BYTES, bytes.length - 1}) {
      assertNotEquals(digest, changed(bytes, at));
    }
    assertNotEquals(digest, digest(new byte[(40 << 20) + 1], HEAD_BYTES));
  }
}
