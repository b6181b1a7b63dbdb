package io.fullbore.tokenizer;

import java.util.Arrays;

/** A binary min-heap of longs. Owned by one thread. */
final class LongHeap {
  private long[] heap = new long[64];
  private int count;

  boolean isEmpty() {
    return count == 0;
  }

  void clear() {
    count = 0;
  }

  void push(long value) {
    if (count == heap.length) {
      heap = Arrays.copyOf(heap, count * 2);
    }
    int hole = count++;
    while (hole > 0) {
      int parent = (hole - 1) >>> 1;
      if (heap[parent] <= value) {
        break;
      }
      heap[hole] = heap[parent];
      hole = parent;
    }
    heap[hole] = value;
  }

  /** Removes the smallest; the heap must not be empty. */
  long pop() {
    long smallest = heap[0];
    long last = heap[--count];
    int hole = 0;
    for (int child = 1; child < count; child = 2 * hole + 1) {
      if (child + 1 < count && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= last) {
        break;
      }
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = last;
    return smallest;
  }
}
