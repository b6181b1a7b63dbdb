package io.fullbore.backend.cuda;

/**
 * How much of everything a step has: what grids are made for.
 *
 * @param decodeItems pieces of attention for single rows
 * @param prefillItems pieces of attention for runs of rows
 */
record StepShape(int rows, int logitRows, int decodeItems, int prefillItems) {
  /** Up to so many rows, a step without prompts is replayed as a graph. */
  static final int MAX_GRAPH_ROWS = 256;

  /** Whether every row is a sequence's next token. */
  boolean isDecode() {
    return prefillItems == 0 && logitRows == rows;
  }

  boolean fitsGraph() {
    return isDecode() && rows <= MAX_GRAPH_ROWS;
  }

  /**
   * The same rounded up, so that few shapes cover all steps of decodes: rows to 1, 2, 4, 8, then to
   * multiples of 8 and of 32; items to powers of two.
   */
  StepShape bucket() {
    int roundedRows = rows <= 8 ? powerOfTwo(rows) : rows <= 64 ? up(rows, 8) : up(rows, 32);
    return new StepShape(
        roundedRows, roundedRows, powerOfTwo(Math.max(decodeItems, roundedRows)), prefillItems);
  }

  private static int up(int count, int multiple) {
    return Math.ceilDiv(count, multiple) * multiple;
  }

  private static int powerOfTwo(int count) {
    return count <= 1 ? 1 : Integer.highestOneBit(count - 1) << 1;
  }
}
