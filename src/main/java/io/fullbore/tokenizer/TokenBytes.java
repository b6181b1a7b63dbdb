package io.fullbore.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The bytes that every token stands for, one after the other in one array. Immutable. */
final class TokenBytes {
  private final byte[] bytes;
  private final int[] offsets; // [id], and the end of the last

  private TokenBytes(byte[] bytes, int[] offsets) {
    this.bytes = bytes;
    this.offsets = offsets;
  }

  static TokenBytes of(Vocabulary.Model model, String[] texts, TokenType[] types) {
    var all = new ByteArrayOutputStream(texts.length * 8);
    int[] offsets = new int[texts.length + 1];
    for (int id = 0; id < texts.length; id++) {
      all.writeBytes(bytesOf(model, texts[id], types[id]));
      offsets[id + 1] = all.size();
    }
    return new TokenBytes(all.toByteArray(), offsets);
  }

  private static byte[] bytesOf(Vocabulary.Model model, String text, TokenType type) {
    return switch (type) {
      case UNDEFINED, UNUSED -> new byte[0];
      case UNKNOWN, CONTROL, USER_DEFINED -> utf8(text);
      case BYTE -> isByteEscape(text) ? parseEscape(text) : utf8(text);
      case NORMAL ->
          switch (model) {
            case SENTENCE_PIECE -> utf8(text.replace(SentencePieceTokenizer.BLANK, ' '));
            case BYTE_PAIR -> {
              byte[] decoded = ByteAlphabet.bytesOf(text);
              yield decoded.length == 0 ? utf8(text) : decoded;
            }
          };
    };
  }

  private static boolean isByteEscape(String text) {
    return text.matches("<0x[0-9A-Fa-f]{2}>");
  }

  /** Reads NN of {@code <0xNN>}. */
  private static byte[] parseEscape(String text) {
    return new byte[] {(byte) Integer.parseInt(text, 3, 5, 16)};
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  int from(int id) {
    return offsets[id];
  }

  int to(int id) {
    return offsets[id + 1];
  }

  byte[] copy(int id) {
    return Arrays.copyOfRange(bytes, from(id), to(id));
  }

  /** All bytes, to be read between {@link #from} and {@link #to}; not to be written into. */
  byte[] array() {
    return bytes;
  }
}
