package io.fullbore.tokenizer;

import java.util.Arrays;

/**
 * The alphabet in which byte-level vocabularies are written: one printable character per byte, as
 * GPT-2's encoder defined it. Printable Latin-1 characters stand for themselves, the other 68 bytes
 * for U+0100 and up.
 */
final class ByteAlphabet {
  private static final char[] CHAR_OF = new char[256]; // [byte]
  private static final short[] BYTE_OF = new short[512]; // [char], -1 outside the alphabet

  static {
    Arrays.fill(BYTE_OF, (short) -1);
    char free = 0x100;
    for (int value = 0; value < 256; value++) {
      boolean printable =
          value >= '!' && value <= '~'
              || value >= 0xA1 && value <= 0xAC
              || value >= 0xAE && value <= 0xFF;
      CHAR_OF[value] = printable ? (char) value : free++;
      BYTE_OF[CHAR_OF[value]] = (short) value;
    }
  }

  private ByteAlphabet() {}

  static char charOf(int unsignedByte) {
    return CHAR_OF[unsignedByte];
  }

  /** The byte that a character stands for, or -1. */
  static int byteOf(char character) {
    return character < BYTE_OF.length ? BYTE_OF[character] : -1;
  }

  /** The bytes that a text in this alphabet stands for, or an empty array where it is none. */
  static byte[] bytesOf(String text) {
    byte[] bytes = new byte[text.length()];
    for (int i = 0; i < bytes.length; i++) {
      int value = byteOf(text.charAt(i));
      if (value < 0) {
        return new byte[0];
      }
      bytes[i] = (byte) value;
    }
    return bytes;
  }
}
