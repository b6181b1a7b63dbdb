package io.fullbore.tokenizer;

import java.util.Arrays;

/**
 * A map from pairs of ints to ints: open addressing with linear probing, two flat arrays, no boxes.
 * Filled by one thread, then read by any.
 */
final class PairTable {
  static final int ABSENT = -1;

  private long[] keys; // [slot]
  private int[] values; // [slot], ABSENT where the slot is free
  private int count;

  PairTable(int expectedCount) {
    int slots = Integer.highestOneBit(Math.max(8, expectedCount)) << 2;
    keys = new long[slots];
    values = new int[slots];
    Arrays.fill(values, ABSENT);
  }

  /** The value of a pair, or {@link #ABSENT}. */
  int get(int first, int second) {
    return values[slotOf(key(first, second))];
  }

  /** Keeps the value that is there already. Values must not be negative. */
  void putIfAbsent(int first, int second, int value) {
    long key = key(first, second);
    int slot = slotOf(key);
    if (values[slot] != ABSENT) {
      return;
    }
    keys[slot] = key;
    values[slot] = value;
    if (++count * 2 > keys.length) {
      grow();
    }
  }

  private static long key(int first, int second) {
    return (long) first << 32 | second & 0xffffffffL;
  }

  private int slotOf(long key) {
    int mask = keys.length - 1;
    int slot = (int) (key * 0x9E3779B97F4A7C15L >>> 32) & mask;
    while (values[slot] != ABSENT && keys[slot] != key) {
      slot = slot + 1 & mask;
    }
    return slot;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldValues = values;
    keys = new long[oldKeys.length * 2];
    values = new int[oldKeys.length * 2];
    Arrays.fill(values, ABSENT);
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldValues[i] != ABSENT) {
        int slot = slotOf(oldKeys[i]);
        keys[slot] = oldKeys[i];
        values[slot] = oldValues[i];
      }
    }
  }
}
