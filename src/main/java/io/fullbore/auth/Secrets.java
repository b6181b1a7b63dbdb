package io.fullbore.auth;

import java.security.SecureRandom;

/** Makes the random parts of keys. */
final class Secrets {
  private static final String BASE62 =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  private static final SecureRandom RANDOM = new SecureRandom();

  /** 190 random bits. */
  private static final int SECRET_CHARS = 32;

  private static final int ID_CHARS = 16;

  private Secrets() {}

  static String secret() {
    return "fb-" + base62(SECRET_CHARS);
  }

  static String id() {
    return "key-" + base62(ID_CHARS);
  }

  private static String base62(int chars) {
    var text = new StringBuilder(chars);
    for (int i = 0; i < chars; i++) {
      text.append(BASE62.charAt(RANDOM.nextInt(BASE62.length())));
    }
    return text.toString();
  }
}
