package io.fullbore.limits;

import io.fullbore.core.Account;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Whose buckets and counters are meant: a key's, or those of one end user under it. Both names are
 * short and free of blanks, colons and braces, so that they may stand in Redis's keys and fields.
 *
 * @param user empty for the whole key
 */
record Owner(String keyId, String user) {
  /** Whoever pays: the owner of the counter behind the daily ceiling. */
  static final Owner EVERYBODY = new Owner("", "");

  /** Stands for all users of a key beyond the most that are told apart. */
  static final String OTHERS = "*";

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final int HASH_BYTES = 16;

  static Owner of(Account account) {
    String user = account.user();
    return new Owner(plain(account.caller().keyId()), user == null ? "" : plain(user));
  }

  Owner key() {
    return new Owner(keyId, "");
  }

  boolean isUser() {
    return !user.isEmpty();
  }

  /** Names the owner to people. */
  String text() {
    return isUser() ? "user " + user + " of key " + keyId : "key " + keyId;
  }

  private static String plain(String name) {
    return PLAIN.matcher(name).matches() ? name : "~" + sha256(name);
  }

  private static String sha256(String name) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
