package io.fullbore.model;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Tells model files apart by their content: SHA-256 over the length, all of the header (vocabulary,
 * template, shapes), and windows spread evenly over the weights. Weights of up to 15 MiB are read
 * whole; of more, as much as that, so that the digest of many gigabytes takes no longer. Two
 * versions of one model differ in nearly every weight, so the windows differ; weights that were
 * changed by hand in a few bytes may keep their digest.
 */
final class ModelDigest {
  private static final int WINDOWS = 240;
  private static final int WINDOW_BYTES = 64 << 10;

  private ModelDigest() {}

  /**
   * @param headBytes length of what is read whole
   * @return 64 hex digits
   */
  static String of(MemorySegment bytes, long headBytes) {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    long size = bytes.byteSize();
    sha256.update(Long.toString(size).getBytes(StandardCharsets.US_ASCII));
    sha256.update(bytes.asSlice(0, headBytes).asByteBuffer());
    long rest = size - headBytes;
    if (rest <= (long) WINDOWS * WINDOW_BYTES) {
      sha256.update(bytes.asSlice(headBytes, rest).asByteBuffer());
    } else {
      for (int i = 0; i < WINDOWS; i++) {
        long offset = headBytes + (rest - WINDOW_BYTES) * i / (WINDOWS - 1);
        sha256.update(bytes.asSlice(offset, WINDOW_BYTES).asByteBuffer());
      }
    }
    return HexFormat.of().formatHex(sha256.digest());
  }
}
