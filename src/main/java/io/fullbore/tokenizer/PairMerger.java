package io.fullbore.tokenizer;

/**
 * The loop both tokenizers share: of all adjacent pairs that may merge, merge the one of the lowest
 * rank, the leftmost among equals, until none is left. O(n log n) by a linked list and a heap.
 * Owned by one thread; one per call of encode.
 *
 * <p>The heap holds {@code rank << 32 | left}. An entry is not removed when its pair disappears: on
 * its turn it counts only if the pair that then starts at {@code left} has that very rank.
 */
final class PairMerger {
  private static final int GONE = Integer.MIN_VALUE;

  private final MergeTable table;
  private final LongHeap heap = new LongHeap();
  private int[] next = new int[64];
  private int[] previous = new int[64];

  PairMerger(MergeTable table) {
    this.table = table;
  }

  /** Merges {@code symbols[0, count)} in place and returns how many are left. */
  int merge(int[] symbols, int count) {
    if (count < 2) {
      return count;
    }
    link(count);
    heap.clear();
    for (int i = 0; i + 1 < count; i++) {
      offer(symbols, i, i + 1);
    }
    while (!heap.isEmpty()) {
      long entry = heap.pop();
      int left = (int) entry;
      int right = next[left];
      int merge = right < 0 ? PairTable.ABSENT : find(symbols, left, right);
      if (merge == PairTable.ABSENT || table.rank()[merge] != (int) (entry >>> 32)) {
        continue;
      }
      symbols[left] = table.merged()[merge];
      symbols[right] = GONE;
      next[left] = next[right];
      if (next[right] >= 0) {
        previous[next[right]] = left;
      }
      offer(symbols, previous[left], left);
      offer(symbols, left, next[left]);
    }
    return compact(symbols, count);
  }

  private void link(int count) {
    if (count > next.length) {
      next = new int[count * 2];
      previous = new int[count * 2];
    }
    for (int i = 0; i < count; i++) {
      next[i] = i + 1;
      previous[i] = i - 1;
    }
    next[count - 1] = -1;
  }

  private void offer(int[] symbols, int left, int right) {
    if (left < 0 || right < 0) {
      return;
    }
    int merge = find(symbols, left, right);
    if (merge != PairTable.ABSENT) {
      heap.push((long) table.rank()[merge] << 32 | left);
    }
  }

  private int find(int[] symbols, int left, int right) {
    return table.merges().get(symbols[left], symbols[right]);
  }

  private static int compact(int[] symbols, int count) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (symbols[i] != GONE) {
        symbols[kept++] = symbols[i];
      }
    }
    return kept;
  }
}
