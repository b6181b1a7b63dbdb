package io.fullbore.kv;

import org.jspecify.annotations.Nullable;

/**
 * Reference counts and the free list of a fixed number of KV blocks.
 *
 * <pre>
 *   used block:  references > 0, not in the list
 *   free block:  references = 0, in the list; may still hold content that the prefix index knows
 *
 *   list:  head = taken next  ...  tail = freed last      (least recently used first)
 * </pre>
 *
 * <p>A free block with known content goes to the tail and can be used again until it becomes the
 * head; a block without goes to the head, so that it is taken before anything of worth. Invariant:
 * {@code usedCount + freeCount == blockCount}. Owned by the engine thread.
 */
final class BlockPool {
  private static final int NONE = -1;

  private final int[] references; // [block]
  private final int[] next; // [block], in the free list
  private final int[] previous; // [block], in the free list
  private final @Nullable BlockHash[] content; // [block], known content
  private int head = NONE;
  private int tail = NONE;
  private int freeCount;

  BlockPool(int blockCount) {
    references = new int[blockCount];
    next = new int[blockCount];
    previous = new int[blockCount];
    content = new BlockHash[blockCount];
    for (int block = 0; block < blockCount; block++) {
      linkLast(block);
    }
  }

  int blockCount() {
    return references.length;
  }

  int freeCount() {
    return freeCount;
  }

  boolean isFree(int block) {
    return references[block] == 0;
  }

  /** Takes the free block whose content is least worth keeping; there must be one. */
  int take() {
    if (head == NONE) {
      throw new IllegalStateException("no free block of " + references.length);
    }
    int block = head;
    retain(block);
    return block;
  }

  /** Adds a reference to a used block, or takes a free one out of the list. */
  void retain(int block) {
    if (references[block]++ == 0) {
      unlink(block);
    }
  }

  /** Drops a reference; the last one frees the block. */
  void release(int block) {
    if (references[block] <= 0) {
      throw new IllegalStateException("block=%d is released more often than held".formatted(block));
    }
    if (--references[block] == 0) {
      if (content[block] == null) {
        linkFirst(block);
      } else {
        linkLast(block);
      }
    }
  }

  @Nullable BlockHash content(int block) {
    return content[block];
  }

  void setContent(int block, @Nullable BlockHash hash) {
    content[block] = hash;
  }

  private void linkFirst(int block) {
    previous[block] = NONE;
    next[block] = head;
    if (head == NONE) {
      tail = block;
    } else {
      previous[head] = block;
    }
    head = block;
    freeCount++;
  }

  private void linkLast(int block) {
    next[block] = NONE;
    previous[block] = tail;
    if (tail == NONE) {
      head = block;
    } else {
      next[tail] = block;
    }
    tail = block;
    freeCount++;
  }

  private void unlink(int block) {
    if (previous[block] == NONE) {
      head = next[block];
    } else {
      next[previous[block]] = next[block];
    }
    if (next[block] == NONE) {
      tail = previous[block];
    } else {
      previous[next[block]] = previous[block];
    }
    freeCount--;
  }
}
