package io.fullbore.backend.cpu;

import io.fullbore.backend.KvSizing;
import io.fullbore.backend.StepBatch;
import io.fullbore.kv.BlockTable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * The rows of a step as the kernels read them, filled anew for every step.
 *
 * <pre>
 *   positions   [row]      int
 *   tables      [row]      address of the row's sequence's block numbers
 *   blocks      [entry]    int, the tables of all sequences one after another
 *
 *   runs        rows of one sequence with consecutive positions: a decode, or a chunk of a prompt
 * </pre>
 *
 * <p>What it passes on is checked here, since the kernels check nothing. Part of a backend, in
 * whose memory it lies; the block numbers move to a longer piece, at least twice as long, when they
 * outgrow theirs. Owned by the engine thread.
 */
final class BatchMemory {
  private static final int FIRST_ENTRY_COUNT = 1024;

  private final KvSizing sizing;
  private final NativeMemory memory;
  private final MemorySegment positions;
  private final MemorySegment tables;
  private final int[] runStarts; // [run], and rowCount after the last
  private int runCount;
  private MemorySegment blocks; // [entry]
  private int[] staging = new int[FIRST_ENTRY_COUNT]; // [entry]

  BatchMemory(NativeMemory memory, KvSizing sizing) {
    this.memory = memory;
    this.sizing = sizing;
    positions = memory.allocate((long) sizing.maxStepTokens() * Integer.BYTES);
    tables = memory.allocate((long) sizing.maxStepTokens() * Long.BYTES);
    runStarts = new int[sizing.maxStepTokens() + 1];
    blocks = memory.allocate((long) FIRST_ENTRY_COUNT * Integer.BYTES);
  }

  /**
   * @throws IndexOutOfBoundsException when a row or a block lies outside of what was allocated
   */
  void load(StepBatch batch) {
    int rowCount = batch.rowCount();
    sizing.requireRows(rowCount);
    findRuns(batch);
    int entryCount = 0;
    for (int run = 0; run < runCount; run++) {
      entryCount = stage(batch, run, entryCount);
    }
    copyBlocks(entryCount);
    int entry = 0;
    for (int run = 0; run < runCount; run++) {
      long table = blocks.address() + (long) entry * Integer.BYTES;
      for (int row = runStarts[run]; row < runStarts[run + 1]; row++) {
        positions.setAtIndex(ValueLayout.JAVA_INT, row, batch.position(row));
        tables.setAtIndex(ValueLayout.JAVA_LONG, row, table);
      }
      entry += batch.table(runStarts[run]).size();
    }
  }

  private void findRuns(StepBatch batch) {
    runCount = 0;
    for (int row = 0; row < batch.rowCount(); row++) {
      if (!batch.continuesRun(row)) {
        runStarts[runCount++] = row;
      }
    }
    runStarts[runCount] = batch.rowCount();
  }

  /** Appends the run's table and returns the number of entries then. */
  private int stage(StepBatch batch, int run, int entryCount) {
    int lastRow = runStarts[run + 1] - 1;
    BlockTable table = batch.table(lastRow);
    sizing.requirePosition(batch.position(lastRow), table);
    int end = Math.addExact(entryCount, table.size());
    if (end > staging.length) {
      staging = Arrays.copyOf(staging, Math.max(end, 2 * staging.length));
    }
    table.copyTo(staging, entryCount);
    sizing.requireBlocks(staging, entryCount, end);
    return end;
  }

  private void copyBlocks(int entryCount) {
    if (blocks.byteSize() < (long) entryCount * Integer.BYTES) {
      blocks = memory.allocate((long) staging.length * Integer.BYTES);
    }
    MemorySegment.copy(staging, 0, blocks, ValueLayout.JAVA_INT, 0, entryCount);
  }

  /** Address of the rows' positions. */
  long positions() {
    return positions.address();
  }

  int position(int row) {
    return positions.getAtIndex(ValueLayout.JAVA_INT, row);
  }

  /** Address of the rows' tables' addresses. */
  long tables() {
    return tables.address();
  }

  /** Address of the block numbers of the row's sequence. */
  long table(int row) {
    return tables.getAtIndex(ValueLayout.JAVA_LONG, row);
  }

  int runCount() {
    return runCount;
  }

  /** First row of a run; the run after the last begins at the end. */
  int runStart(int run) {
    return runStarts[run];
  }
}
