package io.fullbore.tokenizer;

import java.util.function.IntConsumer;

/** UTF-8 of single code points, without arrays in between. */
final class Utf8 {
  private Utf8() {}

  /** Gives the bytes, as ints in {@code [0, 256)}, of a code point that is no surrogate. */
  static void forEachByte(int codePoint, IntConsumer sink) {
    if (codePoint < 0x80) {
      sink.accept(codePoint);
      return;
    }
    if (codePoint < 0x800) {
      sink.accept(0xC0 | codePoint >> 6);
    } else {
      if (codePoint < 0x10000) {
        sink.accept(0xE0 | codePoint >> 12);
      } else {
        sink.accept(0xF0 | codePoint >> 18);
        sink.accept(0x80 | codePoint >> 12 & 0x3F);
      }
      sink.accept(0x80 | codePoint >> 6 & 0x3F);
    }
    sink.accept(0x80 | codePoint & 0x3F);
  }
}
