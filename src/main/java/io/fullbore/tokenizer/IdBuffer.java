package io.fullbore.tokenizer;

import java.util.Arrays;

/** A growing array of ids. Owned by one thread. */
final class IdBuffer {
  private int[] ids;
  private int count;

  IdBuffer(int capacity) {
    ids = new int[Math.max(16, capacity)];
  }

  void add(int id) {
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, count * 2);
    }
    ids[count++] = id;
  }

  void addAll(int[] more) {
    if (count + more.length > ids.length) {
      ids = Arrays.copyOf(ids, Math.max(count + more.length, ids.length * 2));
    }
    System.arraycopy(more, 0, ids, count, more.length);
    count += more.length;
  }

  int count() {
    return count;
  }

  void clear() {
    count = 0;
  }

  /** Cuts to the first {@code count} ids. */
  void truncate(int count) {
    this.count = count;
  }

  /** The ids themselves, valid up to {@link #count()} and until the next call of add. */
  int[] array() {
    return ids;
  }

  int[] copy(int from) {
    return Arrays.copyOfRange(ids, from, count);
  }
}
