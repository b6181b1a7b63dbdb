package io.fullbore.backend.cuda;

import io.fullbore.backend.KvSizing;
import io.fullbore.backend.StepBatch;
import io.fullbore.kv.BlockTable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A step's description, as the kernels read it ({@code StepView} and {@code AttendItem} in {@code
 * native/cuda}): written to pinned memory, then copied to the device as one piece.
 *
 * <pre>
 *   counts        rows, logit rows, decode items, prefill items
 *   tokens        [row]
 *   positions     [row]
 *   tables        [row]       where in blocks the row's sequence begins
 *   logit rows    [logit row]
 *   splits        [row + 1]
 *   decode items  [item]      row, rows, from, to, partial
 *   prefill items [item]      the same
 *   blocks        [entry]     the tables of all sequences one after another; as many as there are
 * </pre>
 *
 * <p>All are ints. What it passes on is checked here, since the kernels check nothing. There are
 * two pinned copies, used by turns: a step may be written while the one before is still on its way.
 * Owned by the engine thread.
 */
final class StepMemory implements AttentionPlan.Sink {
  private static final int PINNED_COPIES = 2;
  private static final int COUNTS = 4;
  private static final int ITEM_INTS = 5;

  /** Bytes of {@code StepView}. */
  private static final int VIEW_BYTES = 6 * Long.BYTES;

  private final KvSizing sizing;
  private final int maxItems;
  private final AttentionPlan plan;
  private final PinnedMemory[] pinned = new PinnedMemory[PINNED_COPIES];
  private final DeviceMemory device;
  // Where the parts begin, in ints.
  private final int tokens;
  private final int positions;
  private final int tables;
  private final int logitRows;
  private final int splits;
  private final int decodeItems;
  private final int prefillItems;
  private final int blocks;
  private final long capacity; // ints
  private int turn;
  private MemorySegment current;
  private int decodeItemCount;
  private int prefillItemCount;
  private long end; // ints in use
  private int[] staging = new int[64]; // [entry] of one sequence

  StepMemory(CudaContext context, KvSizing sizing, int maxItems, int wantedItems) {
    this.sizing = sizing;
    this.maxItems = maxItems;
    plan = new AttentionPlan(maxItems, wantedItems);
    int rows = sizing.maxStepTokens();
    tokens = COUNTS;
    positions = tokens + rows;
    tables = positions + rows;
    logitRows = tables + rows;
    splits = logitRows + rows;
    decodeItems = splits + rows + 1;
    prefillItems = decodeItems + maxItems * ITEM_INTS;
    blocks = prefillItems + rows * ITEM_INTS;
    capacity = blocks + blockEntries(sizing);
    for (int i = 0; i < PINNED_COPIES; i++) {
      pinned[i] = context.allocatePinned(capacity * Integer.BYTES);
    }
    device = context.allocate(capacity * Integer.BYTES);
    current = pinned[0].segment();
  }

  private static long blockEntries(KvSizing sizing) {
    long perSequence = sizing.maxPositions() / sizing.blockTokens() + 1L;
    return sizing.maxSequences() * perSequence;
  }

  /** Device memory that it takes. */
  static long bytes(KvSizing sizing, int maxItems) {
    long rows = sizing.maxStepTokens();
    long ints = COUNTS + 5 * rows + 1 + (maxItems + rows) * ITEM_INTS + blockEntries(sizing);
    return ints * Integer.BYTES;
  }

  /**
   * Writes a step's description and sends it to the device.
   *
   * @throws IndexOutOfBoundsException when a row or a block lies outside of what was allocated
   */
  StepShape load(StepBatch batch, CudaStream stream) {
    int rowCount = batch.rowCount();
    sizing.requireRows(rowCount);
    turn = (turn + 1) % PINNED_COPIES;
    current = pinned[turn].segment();
    decodeItemCount = 0;
    prefillItemCount = 0;
    end = blocks;
    loadRows(batch);
    for (int i = 0; i < batch.logitRowCount(); i++) {
      set(logitRows + i, batch.logitRow(i));
    }
    plan.plan(batch, this);
    StepShape shape =
        new StepShape(rowCount, batch.logitRowCount(), decodeItemCount, prefillItemCount);
    set(0, shape.rows());
    set(1, shape.logitRows());
    set(2, shape.decodeItems());
    set(3, shape.prefillItems());
    stream.upload(device, 0, current.asSlice(0, end * Integer.BYTES));
    return shape;
  }

  private void loadRows(StepBatch batch) {
    long table = end;
    for (int row = 0; row < batch.rowCount(); row++) {
      int position = batch.position(row);
      BlockTable blockTable = batch.table(row);
      sizing.requirePosition(position, blockTable);
      if (row == 0 || blockTable != batch.table(row - 1)) {
        table = end;
        appendBlocks(blockTable);
      }
      set(tokens + row, batch.token(row));
      set(positions + row, position);
      set(tables + row, Math.toIntExact(table - blocks));
    }
  }

  private void appendBlocks(BlockTable table) {
    int size = table.size();
    if (end + size > capacity) {
      throw new IndexOutOfBoundsException(
          "the step's sequences have more blocks than maxSequences=%d of maxPositions=%d"
              .formatted(sizing.maxSequences(), sizing.maxPositions()));
    }
    if (staging.length < size) {
      staging = new int[Math.max(size, 2 * staging.length)];
    }
    table.copyTo(staging, 0);
    sizing.requireBlocks(staging, 0, size);
    MemorySegment.copy(staging, 0, current, ValueLayout.JAVA_INT, end * (long) Integer.BYTES, size);
    end += size;
  }

  @Override
  public void decodeItem(int row, int from, int to, int partial) {
    if (decodeItemCount == maxItems) {
      throw new IndexOutOfBoundsException("maxItems=%d are not enough".formatted(maxItems));
    }
    setItem(decodeItems + decodeItemCount++ * ITEM_INTS, row, 1, from, to, partial);
  }

  @Override
  public void prefillItem(int row, int rowCount) {
    setItem(prefillItems + prefillItemCount++ * ITEM_INTS, row, rowCount, 0, 0, -1);
  }

  @Override
  public void partialsBefore(int row, int count) {
    set(splits + row, count);
  }

  private void setItem(int at, int row, int rowCount, int from, int to, int partial) {
    set(at, row);
    set(at + 1, rowCount);
    set(at + 2, from);
    set(at + 3, to);
    set(at + 4, partial);
  }

  private void set(int index, int value) {
    current.setAtIndex(ValueLayout.JAVA_INT, index, value);
  }

  /** {@code StepView}: the same for all steps. */
  MemorySegment view() {
    long[] addresses = {
      counts(),
      address(tokens),
      address(positions),
      address(tables),
      address(blocks),
      address(logitRows)
    };
    MemorySegment view = MemorySegment.ofArray(addresses);
    if (view.byteSize() != VIEW_BYTES) {
      throw new IllegalStateException("StepView has bytes=" + VIEW_BYTES);
    }
    return view;
  }

  /** Address of {@code StepCounts}. */
  long counts() {
    return address(0);
  }

  long splits() {
    return address(splits);
  }

  long decodeItems() {
    return address(decodeItems);
  }

  long prefillItems() {
    return address(prefillItems);
  }

  private long address(int index) {
    return device.address() + (long) index * Integer.BYTES;
  }
}
