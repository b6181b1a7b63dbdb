package io.fullbore.engine;

import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendException;
import io.fullbore.backend.StepBatch;
import io.fullbore.kv.BlockTable;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * A backend whose "KV" is the token itself and whose logits are a hash of all tokens of the
 * sequence, read back through its block table. A block that is lost, shared wrongly, overwritten or
 * computed at a wrong position changes the text, so texts prove the bookkeeping. The same holds for
 * a copy to or from its host tier that is left out or done in another order.
 */
final class RememberingBackend implements Backend {
  static final int VOCABULARY_SIZE = 50;

  private final int blockCount;
  private final int blockTokens;
  private final int maxStepTokens;
  private final int[] memory; // [block][slot], token + 1
  private final int hostBlockCount;
  private final int[] hostMemory; // [hostBlock][slot]
  private final Set<Integer> failingCopies = new HashSet<>();
  private IntPredicate poison = token -> false;
  private int computedRows;
  private int copyCount;
  private boolean emptyLogits;
  private boolean closed;

  RememberingBackend(int blockCount, int blockTokens, int maxStepTokens) {
    this(blockCount, 0, blockTokens, maxStepTokens);
  }

  RememberingBackend(int blockCount, int hostBlockCount, int blockTokens, int maxStepTokens) {
    this.blockCount = blockCount;
    this.hostBlockCount = hostBlockCount;
    this.hostMemory = new int[hostBlockCount * blockTokens];
    this.blockTokens = blockTokens;
    this.maxStepTokens = maxStepTokens;
    this.memory = new int[blockCount * blockTokens];
  }

  /** Steps with such a token fail. */
  void failOn(IntPredicate poisonousToken) {
    poison = poisonousToken;
  }

  /** Lets the n-th call for a copy fail, counted from 0. */
  void failCopy(int index) {
    failingCopies.add(index);
  }

  /** Rows computed so far, over all steps. */
  int computedRows() {
    return computedRows;
  }

  /** Copies called for so far, those that failed too. */
  int copyCount() {
    return copyCount;
  }

  void giveNotANumber() {
    emptyLogits = true;
  }

  boolean closed() {
    return closed;
  }

  /** What the sequence's next token is when everything is kept right. */
  static int nextToken(int[] tokens, int count) {
    long hash = 17;
    for (int i = 0; i < count; i++) {
      hash = mix(hash, tokens[i], i);
    }
    return (int) Math.floorMod(hash, (long) VOCABULARY_SIZE);
  }

  private static long mix(long hash, int token, int position) {
    long mixed = (hash ^ (token * 31L + position)) * 0x9e3779b97f4a7c15L;
    return mixed ^ (mixed >>> 29);
  }

  @Override
  public void forward(StepBatch batch, float[] logits) {
    computedRows += batch.rowCount();
    for (int row = 0; row < batch.rowCount(); row++) {
      if (poison.test(batch.token(row))) {
        throw new BackendException("token=" + batch.token(row) + " is poison", null);
      }
      memory[slotOf(batch.table(row), batch.position(row))] = batch.token(row) + 1;
    }
    for (int i = 0; i < batch.logitRowCount(); i++) {
      int row = batch.logitRow(i);
      Arrays.fill(
          logits, i * VOCABULARY_SIZE, (i + 1) * VOCABULARY_SIZE, emptyLogits ? Float.NaN : 0);
      if (!emptyLogits) {
        logits[i * VOCABULARY_SIZE + remembered(batch.table(row), batch.position(row))] = 5;
      }
    }
  }

  @Override
  public int hostBlockCount() {
    return hostBlockCount;
  }

  @Override
  public void copyOut(int block, int hostBlock) {
    copy(memory, block, hostMemory, hostBlock);
  }

  @Override
  public void copyIn(int hostBlock, int block) {
    copy(hostMemory, hostBlock, memory, block);
  }

  private void copy(int[] source, int from, int[] target, int to) {
    if (failingCopies.contains(copyCount++)) {
      throw new BackendException("copy=" + (copyCount - 1) + " fails", null);
    }
    System.arraycopy(source, from * blockTokens, target, to * blockTokens, blockTokens);
  }

  private int remembered(BlockTable table, int lastPosition) {
    int[] tokens = new int[lastPosition + 1];
    for (int position = 0; position <= lastPosition; position++) {
      int stored = memory[slotOf(table, position)];
      if (stored == 0) {
        throw new AssertionError("position=" + position + " was never computed");
      }
      tokens[position] = stored - 1;
    }
    return nextToken(tokens, tokens.length);
  }

  private int slotOf(BlockTable table, int position) {
    return table.get(position / blockTokens) * blockTokens + position % blockTokens;
  }

  @Override
  public String describe() {
    return "remembering";
  }

  @Override
  public int blockCount() {
    return blockCount;
  }

  @Override
  public int blockTokens() {
    return blockTokens;
  }

  @Override
  public int maxStepTokens() {
    return maxStepTokens;
  }

  @Override
  public int vocabularySize() {
    return VOCABULARY_SIZE;
  }

  @Override
  public void close() {
    closed = true;
  }
}
