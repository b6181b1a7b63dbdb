package io.fullbore.tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * Remembers the ids of words seen lately. Direct-mapped: a word has one place, and the latest word
 * there wins, so its size is bounded and no lock is needed; entries are immutable and a lost write
 * costs one computation.
 */
final class WordCache {
  private static final int PLACES = 1 << 14;
  private static final int MAX_WORD_CHARS = 48;

  private record Entry(String word, int[] ids) {}

  private final @Nullable Entry[] entries = new @Nullable Entry[PLACES];

  /** The ids of {@code text[from, to)}, which the caller must not change, where remembered. */
  int @Nullable [] get(String text, int from, int to) {
    int length = to - from;
    if (length > MAX_WORD_CHARS) {
      return null;
    }
    Entry entry = entries[place(text, from, to)];
    if (entry == null
        || entry.word.length() != length
        || !text.regionMatches(from, entry.word, 0, length)) {
      return null;
    }
    return entry.ids;
  }

  void put(String text, int from, int to, int[] ids) {
    if (to - from <= MAX_WORD_CHARS) {
      entries[place(text, from, to)] = new Entry(text.substring(from, to), ids);
    }
  }

  private static int place(String text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text.charAt(i);
    }
    return (hash * 0x9E3779B9) >>> 18;
  }
}
