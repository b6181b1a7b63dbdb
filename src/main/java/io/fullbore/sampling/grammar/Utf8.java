package io.fullbore.sampling.grammar;

import java.util.ArrayList;
import java.util.List;

/** Cuts ranges of code points into sequences of byte ranges, as their UTF-8 spells them. */
final class Utf8 {
  private static final int[] LAST_OF_LENGTH = {0x7f, 0x7ff, 0xffff, Character.MAX_CODE_POINT};

  private Utf8() {}

  static void addRange(List<Expr> to, int from, int end) {
    int start = from;
    for (int i = 0; i < LAST_OF_LENGTH.length && start <= end; i++) {
      if (start <= LAST_OF_LENGTH[i]) {
        int last = Math.min(end, LAST_OF_LENGTH[i]);
        addSameLength(to, encode(start, i + 1), encode(last, i + 1));
        start = last + 1;
      }
    }
  }

  private static int[] encode(int codePoint, int length) {
    if (length == 1) {
      return new int[] {codePoint};
    }
    int[] bytes = new int[length];
    int rest = codePoint;
    for (int i = length - 1; i > 0; i--) {
      bytes[i] = 0x80 | rest & 0x3f;
      rest >>>= 6;
    }
    bytes[0] = 0xff00 >>> length & 0xff | rest;
    return bytes;
  }

  /**
   * Splits where the bytes before the last differ: the first of them up to its block's end, whole
   * blocks, the last from its block's beginning.
   */
  private static void addSameLength(List<Expr> to, int[] from, int[] end) {
    for (int tail = from.length - 1; tail > 0; tail--) {
      int head = from.length - tail;
      if (samePrefix(from, end, head)) {
        continue;
      }
      boolean fromWhole = isFilled(from, head, 0x80);
      boolean endWhole = isFilled(end, head, 0xbf);
      if (!fromWhole) {
        int[] blockEnd = filled(from, head, 0xbf);
        addSameLength(to, from, blockEnd);
        int[] next = filled(from, head, 0x80);
        increment(next, head - 1);
        addSameLength(to, next, end);
        return;
      }
      if (!endWhole) {
        int[] blockStart = filled(end, head, 0x80);
        int[] previous = filled(end, head, 0xbf);
        decrement(previous, head - 1);
        addSameLength(to, from, previous);
        addSameLength(to, blockStart, end);
        return;
      }
    }
    List<Expr> bytes = new ArrayList<>();
    for (int i = 0; i < from.length; i++) {
      bytes.add(new Expr.Bytes(ByteSet.range(from[i], end[i])));
    }
    to.add(bytes.size() == 1 ? bytes.getFirst() : new Expr.Sequence(List.copyOf(bytes)));
  }

  private static boolean samePrefix(int[] a, int[] b, int length) {
    for (int i = 0; i < length; i++) {
      if (a[i] != b[i]) {
        return false;
      }
    }
    return true;
  }

  private static boolean isFilled(int[] bytes, int from, int value) {
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] != value) {
        return false;
      }
    }
    return true;
  }

  private static int[] filled(int[] bytes, int from, int value) {
    int[] copy = bytes.clone();
    for (int i = from; i < copy.length; i++) {
      copy[i] = value;
    }
    return copy;
  }

  private static void increment(int[] bytes, int at) {
    if (at > 0 && bytes[at] == 0xbf) {
      bytes[at] = 0x80;
      increment(bytes, at - 1);
    } else {
      bytes[at]++;
    }
  }

  private static void decrement(int[] bytes, int at) {
    if (at > 0 && bytes[at] == 0x80) {
      bytes[at] = 0xbf;
      decrement(bytes, at - 1);
    } else {
      bytes[at]--;
    }
  }
}
