package io.fullbore.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of a secret: its SHA-256. Secrets are long and random, so that no salt is needed and
 * a digest can be looked up. Two digests are compared in constant time.
 */
public final class KeyDigest {
  private static final int BYTES = 32;

  private final byte[] bytes; // [32]

  private KeyDigest(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Of a secret as its caller presents it. */
  public static KeyDigest of(String secret) {
    try {
      return new KeyDigest(
          MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * @throws IllegalArgumentException when these are not 64 hex digits
   */
  static KeyDigest parse(String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException("a SHA-256 has 64 hex digits");
    }
    return new KeyDigest(bytes);
  }

  /** 64 hex digits. */
  String hex() {
    return HexFormat.of().formatHex(bytes);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof KeyDigest digest && MessageDigest.isEqual(bytes, digest.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** Says nothing: digests belong neither in logs nor in answers. */
  @Override
  public String toString() {
    return "KeyDigest";
  }
}
