package io.fullbore.kv;

import java.util.Arrays;

/**
 * The blocks of one sequence in the order of its positions: position p lies in block {@code get(p /
 * blockTokens)} at slot {@code p % blockTokens}. Owned by the engine thread.
 */
public final class BlockTable {
  private int[] blocks = new int[8];
  private int size;

  public int size() {
    return size;
  }

  public int get(int index) {
    if (index >= size) {
      throw new IndexOutOfBoundsException("index=%d size=%d".formatted(index, size));
    }
    return blocks[index];
  }

  /** Copies all block numbers to {@code target} from {@code offset} on. */
  public void copyTo(int[] target, int offset) {
    System.arraycopy(blocks, 0, target, offset, size);
  }

  void append(int block) {
    if (size == blocks.length) {
      blocks = Arrays.copyOf(blocks, 2 * size);
    }
    blocks[size++] = block;
  }

  int removeLast() {
    return blocks[--size];
  }
}
