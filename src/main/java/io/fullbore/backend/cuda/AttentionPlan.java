package io.fullbore.backend.cuda;

import io.fullbore.backend.StepBatch;

/**
 * Cuts a step's attention into pieces for the device. Owned by the engine thread, made anew for
 * every step.
 *
 * <pre>
 *   a single row of a sequence   its positions in splits of one length, each a decode item
 *   a run of a sequence's rows   64 rows at a time, each a prefill item; the longest come first
 *
 *   splits   [row]   partial results before the row: its own are numbered from there on
 * </pre>
 *
 * <p>A split is 256 positions or more: as many as fill the device, and no more items than there is
 * room for.
 */
final class AttentionPlan {
  /** Rows of a prefill item at most. */
  static final int RUN_ROWS = 64;

  private static final int MIN_SPLIT = 256;

  /** Where items and counts go; {@link StepMemory} is one. */
  interface Sink {
    void decodeItem(int row, int from, int to, int partial);

    void prefillItem(int row, int rowCount);

    /** Partials of all rows before this one; the last is of the row after the last. */
    void partialsBefore(int row, int count);
  }

  private final int maxItems;
  private final int wantedItems;

  /**
   * @param maxItems decode items that there is room for; more than a step has rows
   * @param wantedItems decode items that keep the device busy
   */
  AttentionPlan(int maxItems, int wantedItems) {
    this.maxItems = maxItems;
    this.wantedItems = wantedItems;
  }

  void plan(StepBatch batch, Sink sink) {
    int split = splitLength(batch);
    int partials = 0;
    int rowCount = batch.rowCount();
    for (int row = 0; row < rowCount; ) {
      int end = runEnd(batch, row);
      for (int each = row; each < end; each++) {
        sink.partialsBefore(each, partials);
      }
      if (end == row + 1) {
        int positions = batch.position(row) + 1;
        int count = Math.ceilDiv(positions, split);
        for (int i = 0; i < count; i++) {
          int to = Math.min(positions, (i + 1) * split);
          sink.decodeItem(row, i * split, to, count == 1 ? -1 : partials + i);
        }
        partials += count == 1 ? 0 : count;
      }
      row = end;
    }
    sink.partialsBefore(rowCount, partials);
    planRuns(batch, sink);
  }

  /** From the end, where a run's rows see the most positions. */
  private void planRuns(StepBatch batch, Sink sink) {
    for (int end = batch.rowCount(); end > 0; ) {
      int start = runStart(batch, end);
      if (end - start > 1) {
        int items = Math.ceilDiv(end - start, RUN_ROWS);
        for (int i = items - 1; i >= 0; i--) {
          int row = start + i * RUN_ROWS;
          sink.prefillItem(row, Math.min(RUN_ROWS, end - row));
        }
      }
      end = start;
    }
  }

  private int splitLength(StepBatch batch) {
    long positions = 0;
    int singles = 0;
    int rowCount = batch.rowCount();
    for (int row = 0; row < rowCount; ) {
      int end = runEnd(batch, row);
      if (end == row + 1) {
        positions += batch.position(row) + 1;
        singles++;
      }
      row = end;
    }
    if (singles > maxItems) {
      throw new IndexOutOfBoundsException(
          "sequences=%d decode, there is room for %d".formatted(singles, maxItems));
    }
    int split = MIN_SPLIT;
    // Each sequence may have one item more than its positions fill.
    while (positions / split > wantedItems || positions / split + singles > maxItems) {
      split *= 2;
    }
    return split;
  }

  /** The row after a run of rows of one sequence, at consecutive positions. */
  private static int runEnd(StepBatch batch, int row) {
    int end = row + 1;
    while (end < batch.rowCount() && batch.continuesRun(end)) {
      end++;
    }
    return end;
  }

  private static int runStart(StepBatch batch, int end) {
    int start = end - 1;
    while (start > 0 && batch.continuesRun(start)) {
      start--;
    }
    return start;
  }
}
