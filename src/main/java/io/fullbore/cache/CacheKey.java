package io.fullbore.cache;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Names one answer: for whom, and what was asked.
 *
 * @param scope whose answer it is; see {@link #ofUser} and {@link #shared}
 * @param hash SHA-256 over all that shapes the answer, 64 hex digits
 */
public record CacheKey(String scope, String hash) {
  private static final int HASH_DIGITS = 64;

  /** What stands in a key as it is; any other name of an account is hashed. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._@-]{1,128}");

  public CacheKey {
    if (hash.length() != HASH_DIGITS) {
      throw new IllegalArgumentException("hash=%s has no 64 digits".formatted(hash));
    }
  }

  /** An answer that one account alone may see. */
  public static CacheKey ofUser(String account, String hash) {
    String uid =
        PLAIN.matcher(account).matches()
            ? account
            : "~" + CanonicalRequest.hex(account.getBytes(StandardCharsets.UTF_8));
    return new CacheKey("user:" + uid, hash);
  }

  /** An answer for all keys that share theirs. */
  public static CacheKey shared(String hash) {
    return new CacheKey("shared", hash);
  }

  /** Such as {@code user:anonymous:9f86d0…}. */
  @Override
  public String toString() {
    return scope + ":" + hash;
  }
}
