package io.fullbore.http.wire;

import io.fullbore.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * How log-probabilities name tokens: by their own text, special ones included; by their bytes where
 * they are no whole characters; or by their ids where the caller wants that.
 */
final class TokenNames {
  private static final HexFormat ESCAPES = HexFormat.of().withPrefix("\\x");

  private final Tokenizer tokenizer;
  private final boolean asIds;

  TokenNames(Tokenizer tokenizer, boolean asIds) {
    this.tokenizer = tokenizer;
    this.asIds = asIds;
  }

  /** The bytes of a token; none for an id beyond the vocabulary, which padded models can give. */
  byte[] bytes(int id) {
    return id < tokenizer.vocabulary().size() ? tokenizer.bytesOf(id, true) : new byte[0];
  }

  /** In a chat: incomplete characters as {@code \xe4\xbd}. */
  String inChat(int id) {
    return name(id, "");
  }

  /** In a text completion: incomplete characters as {@code bytes:\xe4\xbd}. */
  String inText(int id) {
    return name(id, "bytes:");
  }

  private String name(int id, String bytesPrefix) {
    if (asIds) {
      return "token_id:" + id;
    }
    byte[] bytes = bytes(id);
    String text = new String(bytes, StandardCharsets.UTF_8);
    boolean whole = Arrays.equals(text.getBytes(StandardCharsets.UTF_8), bytes);
    return whole ? text : bytesPrefix + ESCAPES.formatHex(bytes);
  }
}
