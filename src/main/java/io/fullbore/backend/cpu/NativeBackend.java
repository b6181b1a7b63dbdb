package io.fullbore.backend.cpu;

import io.fullbore.backend.BackendException;
import io.fullbore.backend.HostSampledBackend;
import io.fullbore.backend.KvSizing;
import io.fullbore.backend.Rotation;
import io.fullbore.backend.StepBatch;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.graph.Op;
import io.fullbore.graph.Slot;
import io.fullbore.model.Architecture;
import io.fullbore.model.RopePairing;
import io.fullbore.model.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Runs a decoder graph on the processor's cores with the kernels in C. The graph is translated once
 * into stages that know the addresses of all they touch:
 *
 * <pre>
 *   op                              stage
 *   Linear, Linear, …  same source  one parallel section, after the source's rows were quantised
 *                                   or rounded once if a matrix reads them so
 *   Attend                          store the rows' keys and values, then a parallel section
 *   the others                      row by row: inline when short, else a parallel section
 * </pre>
 *
 * <p>A parallel section costs about a microsecond, and a decode step has five per layer. Owned by
 * the engine thread, which calls {@link #forward} and works along with the team.
 */
final class NativeBackend extends HostSampledBackend {
  /** Up to so many elements the calling thread is done before others would have begun. */
  private static final long INLINE_ELEMENTS = 16 << 10;

  private static final int ROW_TASKS_PER_THREAD = 4;

  /** A part of the step. */
  private interface Stage {
    void run(StepBatch batch, int rowCount);
  }

  /** Activations of this kind are those of the slot's floats. */
  private record Prepared(Slot slot, Activations kind) {}

  /** Work on rows {@code [from, to)}. */
  private interface RowRange {
    void run(int from, int to);
  }

  private final NativeMemory memory;
  private final Architecture architecture;
  private final KvSizing sizing;
  private final Kernels kernels;
  private final ThreadTeam team;
  private final PackedWeights weights;
  private final long weightBytes;
  private final SlotMemory slots;
  private final BatchMemory rows;
  private final NativeAttention attention;
  private final long cosines;
  private final long sines;
  private final float[] embedding; // [dim]
  private final List<Stage> allRows = new ArrayList<>();
  private final List<Stage> logitRows = new ArrayList<>();
  private boolean closed;

  private NativeBackend(
      NativeMemory memory, Kernels kernels, ThreadTeam team, DecoderGraph graph, KvSizing sizing) {
    super(graph.architecture().vocabularySize());
    this.memory = memory;
    this.kernels = kernels;
    this.team = team;
    this.sizing = sizing;
    architecture = graph.architecture();
    weights = new PackedWeights(memory, kernels, graph, team);
    weightBytes = memory.allocatedBytes();
    slots = new SlotMemory(memory, architecture, sizing.maxStepTokens());
    rows = new BatchMemory(memory, sizing);
    attention = new NativeAttention(memory, kernels, team, rows, architecture, sizing);
    Rotation rotation = new Rotation(architecture, graph.ropeFactors(), sizing.maxPositions());
    cosines = memory.copyOf(rotation.cosines()).address();
    sines = memory.copyOf(rotation.sines()).address();
    embedding = new float[architecture.dim()];
    translate(graph.ops());
  }

  /**
   * Packs the weights and allocates everything.
   *
   * @param threadCount threads in all, the engine thread included
   * @throws BackendException when there is not enough memory
   */
  static NativeBackend open(Kernels kernels, DecoderGraph graph, KvSizing sizing, int threadCount) {
    NativeMemory memory = new NativeMemory();
    ThreadTeam team = new ThreadTeam(threadCount);
    try {
      return new NativeBackend(memory, kernels, team, graph, sizing);
    } catch (RuntimeException | Error e) {
      team.close();
      memory.close();
      throw e;
    }
  }

  // --- Translation of the graph ---------------------------------------------------------------

  private void translate(List<Op> ops) {
    List<Stage> stages = allRows;
    Set<Prepared> prepared = new HashSet<>();
    for (int i = 0; i < ops.size(); i++) {
      switch (ops.get(i)) {
        case Op.SelectRows() -> stages = logitRows;
        case Op.Linear first -> {
          List<Op.Linear> section = section(ops, i);
          i += section.size() - 1;
          for (Activations kind : read(section)) {
            if (prepared.add(new Prepared(first.source(), kind))) {
              stages.add(preparer(kind, slots.get(first.source())));
            }
          }
          stages.add(multiplier(section));
          section.forEach(op -> changed(op.target(), prepared));
        }
        case Op.Attend attend -> {
          stages.add(attender(attend.layer()));
          changed(Slot.ATTENDED, prepared);
        }
        case Op.Embed embed -> stages.add(embedder(embed.table()));
        case Op.Norm norm -> {
          stages.add(normalizer(norm.weight(), norm.source(), norm.target(), 1));
          changed(norm.target(), prepared);
        }
        case Op.HeadNorm norm -> {
          stages.add(normalizer(norm.weight(), norm.slot(), norm.slot(), norm.headCount()));
          changed(norm.slot(), prepared);
        }
        case Op.Rotate rotate -> {
          stages.add(rotator(rotate));
          changed(rotate.slot(), prepared);
        }
        case Op.SwiGlu() -> {
          stages.add(activator());
          changed(Slot.GATE, prepared);
        }
        case Op.AddResidual() -> {
          stages.add(adder());
          changed(Slot.HIDDEN, prepared);
        }
      }
    }
  }

  /** The products from {@code first} on that read its source. */
  private static List<Op.Linear> section(List<Op> ops, int first) {
    List<Op.Linear> section = new ArrayList<>();
    for (int i = first; i < ops.size(); i++) {
      if (!(ops.get(i) instanceof Op.Linear next)
          || i > first && next.source() != section.getFirst().source()) {
        break;
      }
      section.add(next);
      if (next.target() == next.source()) {
        break;
      }
    }
    return section;
  }

  /** What the products read beside floats, which are always there. */
  private Set<Activations> read(List<Op.Linear> section) {
    Set<Activations> read = EnumSet.noneOf(Activations.class);
    section.forEach(op -> read.add(weights.matrix(op).reads()));
    read.remove(Activations.FLOATS);
    return read;
  }

  private static void changed(Slot slot, Set<Prepared> prepared) {
    prepared.removeIf(each -> each.slot() == slot);
  }

  private Stage preparer(Activations kind, SlotMemory.Buffer buffer) {
    long x = buffer.address();
    int width = buffer.width();
    return switch (kind) {
      case FLOATS -> (batch, rowCount) -> {};
      case INTEGERS ->
          byRows(
              width,
              (from, to) ->
                  kernels.quantize(
                      x, width, from, to, buffer.integers(), buffer.scales(), buffer.sums()));
      case PAIRS -> byRows(width, (from, to) -> kernels.round(x, width, from, to, buffer.pairs()));
    };
  }

  private Stage multiplier(List<Op.Linear> section) {
    List<MatrixSection.Product> products = new ArrayList<>();
    for (Op.Linear op : section) {
      products.add(new MatrixSection.Product(weights.matrix(op), slots.address(op.target())));
    }
    long activations = slots.get(section.getFirst().source()).struct();
    MatrixSection matrices = new MatrixSection(kernels, team, activations, products);
    return (batch, rowCount) -> matrices.multiply(rowCount);
  }

  private Stage attender(int layer) {
    long query = slots.address(Slot.QUERY);
    long key = slots.address(Slot.KEY);
    long value = slots.address(Slot.VALUE);
    long attended = slots.address(Slot.ATTENDED);
    Stage storer =
        byRows(architecture.kvDim(), (from, to) -> attention.store(layer, key, value, from, to));
    return (batch, rowCount) -> {
      storer.run(batch, rowCount);
      attention.attend(layer, query, attended);
    };
  }

  private Stage embedder(Tensor table) {
    MemorySegment hidden = slots.get(Slot.HIDDEN).floats();
    int dim = architecture.dim();
    return (batch, rowCount) -> {
      for (int row = 0; row < rowCount; row++) {
        table.decodeRow(batch.token(row), embedding, 0);
        long offset = (long) row * dim * Float.BYTES;
        MemorySegment.copy(embedding, 0, hidden, ValueLayout.JAVA_FLOAT, offset, dim);
      }
    };
  }

  private Stage normalizer(Tensor tensor, Slot from, Slot to, int partCount) {
    long weight = weights.vector(tensor);
    long source = slots.address(from);
    long target = slots.address(to);
    int width = tensor.columns();
    float epsilon = architecture.normEpsilon();
    return byRows(
        partCount * width,
        (first, end) ->
            kernels.norm(
                source, weight, width, epsilon, target, first * partCount, end * partCount));
  }

  private Stage rotator(Op.Rotate op) {
    long heads = slots.address(op.slot());
    boolean adjacent = architecture.pairing() == RopePairing.ADJACENT;
    return byRows(
        op.slot().width(architecture),
        (from, to) ->
            kernels.rotate(
                heads,
                rows.positions(),
                cosines,
                sines,
                op.headCount(),
                architecture.headDim(),
                architecture.ropeDim() / 2,
                adjacent,
                from,
                to));
  }

  private Stage activator() {
    long gate = slots.address(Slot.GATE);
    long up = slots.address(Slot.UP);
    long width = architecture.ffnDim();
    return byRows(width, (from, to) -> kernels.swiglu(gate, up, from * width, to * width));
  }

  private Stage adder() {
    long hidden = slots.address(Slot.HIDDEN);
    long projected = slots.address(Slot.PROJECTED);
    long width = architecture.dim();
    return byRows(width, (from, to) -> kernels.add(hidden, projected, from * width, to * width));
  }

  /** A stage of work on single rows, each {@code width} elements. */
  private Stage byRows(long width, RowRange range) {
    return (batch, rowCount) -> {
      if (rowCount * width <= INLINE_ELEMENTS) {
        range.run(0, rowCount);
        return;
      }
      int taskRows = Math.ceilDiv(rowCount, ROW_TASKS_PER_THREAD * team.threadCount());
      team.run(
          Math.ceilDiv(rowCount, taskRows),
          task -> range.run(task * taskRows, Math.min(rowCount, (task + 1) * taskRows)));
    };
  }

  // --- The step -------------------------------------------------------------------------------

  @Override
  public void forward(StepBatch batch, float[] logits) {
    if (closed) {
      throw new IllegalStateException("the backend is closed");
    }
    try {
      rows.load(batch);
      attention.plan();
      run(allRows, batch, batch.rowCount());
      if (batch.logitRowCount() > 0) {
        selectRows(batch);
        run(logitRows, batch, batch.logitRowCount());
        copyLogits(logits, batch.logitRowCount());
      }
    } catch (IllegalStateException | IndexOutOfBoundsException e) {
      throw new BackendException("the CPU step failed: " + e.getMessage(), e);
    }
  }

  private static void run(List<Stage> stages, StepBatch batch, int rowCount) {
    for (int i = 0; i < stages.size(); i++) {
      stages.get(i).run(batch, rowCount);
    }
  }

  private void selectRows(StepBatch batch) {
    MemorySegment hidden = slots.get(Slot.HIDDEN).floats();
    long rowBytes = (long) architecture.dim() * Float.BYTES;
    for (int i = 0; i < batch.logitRowCount(); i++) {
      MemorySegment.copy(hidden, batch.logitRow(i) * rowBytes, hidden, i * rowBytes, rowBytes);
    }
  }

  private void copyLogits(float[] logits, int rowCount) {
    MemorySegment source = slots.get(Slot.LOGITS).floats();
    int width = architecture.vocabularySize();
    team.run(
        rowCount,
        row ->
            MemorySegment.copy(
                source,
                ValueLayout.JAVA_FLOAT,
                (long) row * width * Float.BYTES,
                logits,
                row * width,
                width));
  }

  @Override
  public String describe() {
    return "cpu (%s kernels, %d threads, weights %d MiB and KV cache %d MiB off-heap)"
        .formatted(
            kernels.instructionSet(),
            team.threadCount(),
            weightBytes >> 20,
            NativeAttention.bytesPerBlock(architecture, sizing.blockTokens()) * sizing.blockCount()
                >> 20);
  }

  @Override
  public int blockCount() {
    return sizing.blockCount();
  }

  @Override
  public int blockTokens() {
    return sizing.blockTokens();
  }

  @Override
  public int maxStepTokens() {
    return sizing.maxStepTokens();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    team.close();
    memory.close();
  }
}
