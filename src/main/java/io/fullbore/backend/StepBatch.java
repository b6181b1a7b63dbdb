package io.fullbore.backend;

import io.fullbore.kv.BlockTable;

/**
 * The rows of one step: a ragged batch of sequences, each with one or more consecutive tokens.
 *
 * <pre>
 *   sequence   0        1              2
 *   row        0        1    2    3    4
 *   token      t        p0   p1   p2   t        one decode, a chunk of a prompt, one decode
 *   position   57       0    1    2    8
 *   logits     yes                     yes      here the prompt goes on in a later step
 * </pre>
 *
 * <p>Filled and read by the engine thread, then cleared and filled again; the arrays only grow.
 */
public final class StepBatch {
  /** Which rows of a sequence get logits. */
  public enum Want {
    NONE,
    LAST,
    ALL
  }

  private final int[] tokens; // [row]
  private final int[] positions; // [row]
  private final int[] sequenceOf; // [row]
  private final int[] logitRows; // [logitRow], row numbers
  private final BlockTable[] tables; // [sequence]
  private int rowCount;
  private int sequenceCount;
  private int logitRowCount;

  public StepBatch(int maxRows) {
    tokens = new int[maxRows];
    positions = new int[maxRows];
    sequenceOf = new int[maxRows];
    logitRows = new int[maxRows];
    tables = new BlockTable[maxRows];
  }

  public void clear() {
    rowCount = 0;
    sequenceCount = 0;
    logitRowCount = 0;
  }

  /**
   * Adds the tokens {@code [from, from + count)} of a sequence, whose positions are the same
   * numbers.
   *
   * @param sequenceTokens all tokens of the sequence
   * @param table holds blocks for all positions up to {@code from + count}
   */
  public void add(int[] sequenceTokens, int from, int count, BlockTable table, Want want) {
    if (count < 1 || rowCount + count > tokens.length) {
      throw new IllegalArgumentException(
          "count=%d rows do not fit beside rowCount=%d of %d"
              .formatted(count, rowCount, tokens.length));
    }
    for (int i = 0; i < count; i++) {
      tokens[rowCount] = sequenceTokens[from + i];
      positions[rowCount] = from + i;
      sequenceOf[rowCount] = sequenceCount;
      if (want == Want.ALL || want == Want.LAST && i == count - 1) {
        logitRows[logitRowCount++] = rowCount;
      }
      rowCount++;
    }
    tables[sequenceCount++] = table;
  }

  public int rowCount() {
    return rowCount;
  }

  public int logitRowCount() {
    return logitRowCount;
  }

  public int token(int row) {
    return tokens[row];
  }

  public int position(int row) {
    return positions[row];
  }

  /** The blocks of the sequence that the row belongs to. */
  public BlockTable table(int row) {
    return tables[sequenceOf[row]];
  }

  /** The row that the logits number {@code logitRow} belong to. */
  public int logitRow(int logitRow) {
    return logitRows[logitRow];
  }
}
