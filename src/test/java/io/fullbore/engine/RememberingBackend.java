package io.fullbore.engine;

import io.fullbore.backend.BackendException;
import io.fullbore.backend.HostSampledBackend;
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
class RememberingBackend extends HostSampledBackend {
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
  private int failuresLeft;
  private boolean emptyLogits;
  private boolean closed;

  RememberingBackend(int blockCount, int blockTokens, int maxStepTokens) {
    this(blockCount, 0, blockTokens, maxStepTokens);
  }

  RememberingBackend(int blockCount, int hostBlockCount, int blockTokens, int maxStepTokens) {
    super(VOCABULARY_SIZE);
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

  /** The next step that runs fails, whatever is in it. */
  void failOnce() {
    failuresLeft = 1;
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

  /** A step's rows, apart from its batch. */
  record Rows(
      int[] tokens, // [row]
      int[][] slots, // [row][position], those of the row's sequence
      int[] positions, // [row]
      int[] logitRows) {} // [logitRow]

  Rows copy(StepBatch batch) {
    int count = batch.rowCount();
    Rows rows =
        new Rows(new int[count], new int[count][], new int[count], new int[batch.logitRowCount()]);
    for (int row = count - 1; row >= 0; row--) {
      rows.tokens[row] = batch.token(row);
      rows.positions[row] = batch.position(row);
      boolean likeNext = row + 1 < count && batch.table(row) == batch.table(row + 1);
      rows.slots[row] =
          likeNext ? rows.slots[row + 1] : slots(batch.table(row), batch.position(row) + 1);
    }
    Arrays.setAll(rows.logitRows, batch::logitRow);
    return rows;
  }

  private int[] slots(BlockTable table, int count) {
    int[] slots = new int[count];
    Arrays.setAll(
        slots,
        position -> table.get(position / blockTokens) * blockTokens + position % blockTokens);
    return slots;
  }

  @Override
  public void forward(StepBatch batch, float[] logits) {
    run(copy(batch), logits);
  }

  final void run(Rows rows, float[] logits) {
    computedRows += rows.tokens.length;
    if (failuresLeft > 0) {
      failuresLeft--;
      throw new BackendException("a step fails once", null);
    }
    for (int row = 0; row < rows.tokens.length; row++) {
      if (poison.test(rows.tokens[row])) {
        throw new BackendException("token=" + rows.tokens[row] + " is poison", null);
      }
      store(rows, row);
    }
    for (int i = 0; i < rows.logitRows.length; i++) {
      int row = rows.logitRows[i];
      Arrays.fill(
          logits, i * VOCABULARY_SIZE, (i + 1) * VOCABULARY_SIZE, emptyLogits ? Float.NaN : 0);
      if (!emptyLogits) {
        logits[i * VOCABULARY_SIZE + remembered(rows.slots[row], rows.positions[row])] = 5;
      }
    }
  }

  @Override
  public int hostBlockCount() {
    return hostBlockCount;
  }

  @Override
  public void copyOut(int block, int hostBlock) {
    callForCopy();
    moveOut(block, hostBlock);
  }

  @Override
  public void copyIn(int hostBlock, int block) {
    callForCopy();
    moveIn(hostBlock, block);
  }

  final void callForCopy() {
    if (failingCopies.contains(copyCount++)) {
      throw new BackendException("copy=" + (copyCount - 1) + " fails", null);
    }
  }

  final void moveOut(int block, int hostBlock) {
    System.arraycopy(memory, block * blockTokens, hostMemory, hostBlock * blockTokens, blockTokens);
  }

  final void moveIn(int hostBlock, int block) {
    System.arraycopy(hostMemory, hostBlock * blockTokens, memory, block * blockTokens, blockTokens);
  }

  final void store(Rows rows, int row) {
    memory[rows.slots[row][rows.positions[row]]] = rows.tokens[row] + 1;
  }

  private int remembered(int[] slots, int lastPosition) {
    int[] tokens = new int[lastPosition + 1];
    for (int position = 0; position <= lastPosition; position++) {
      int stored = memory[slots[position]];
      if (stored == 0) {
        throw new AssertionError("position=" + position + " was never computed");
      }
      tokens[position] = stored - 1;
    }
    return nextToken(tokens, tokens.length);
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
  public void close() {
    closed = true;
  }
}
