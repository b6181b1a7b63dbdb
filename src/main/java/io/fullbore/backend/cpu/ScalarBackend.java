package io.fullbore.backend.cpu;

import io.fullbore.backend.BackendException;
import io.fullbore.backend.HostSampledBackend;
import io.fullbore.backend.KvSizing;
import io.fullbore.backend.Rotation;
import io.fullbore.backend.StepBatch;
import io.fullbore.core.ModelFormatException;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.graph.Op;
import io.fullbore.graph.Slot;
import io.fullbore.model.Architecture;
import io.fullbore.model.Tensor;
import io.fullbore.model.Weights;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Interprets a decoder graph on the processor's cores in plain Java: decodes weights to floats,
 * computes in floats, and is the oracle for every faster implementation. The weights stay in the
 * mapped file; small vectors (norms, biases) are decoded once.
 *
 * <p>Owned by the engine thread, which calls {@link #forward} and works along with the team.
 */
final class ScalarBackend extends HostSampledBackend {
  private static final long MAX_ARRAY_ELEMENTS = Integer.MAX_VALUE - 8;

  private final DecoderGraph graph;
  private final String why;
  private final Architecture architecture;
  private final KvSizing sizing;
  private final ThreadTeam team;
  private final ScalarLinear linear;
  private final Rotation rotation;
  private final ScalarAttention attention;
  private final Map<Slot, float[]> slots = new EnumMap<>(Slot.class); // [row][width]
  private final Map<Tensor, float[]> vectors = new IdentityHashMap<>();

  /**
   * @param threadCount threads in all, the engine thread included
   * @param why it runs instead of the kernels in C, for people
   */
  ScalarBackend(DecoderGraph graph, KvSizing sizing, int threadCount, String why) {
    super(graph.architecture().vocabularySize());
    this.graph = graph;
    this.why = why;
    this.architecture = graph.architecture();
    this.sizing = sizing;
    team = new ThreadTeam(threadCount);
    linear = new ScalarLinear(team, widestMatrix(graph));
    rotation = new Rotation(architecture, graph.ropeFactors(), sizing.maxPositions());
    attention =
        new ScalarAttention(
            architecture, team, sizing.blockCount(), sizing.blockTokens(), sizing.maxPositions());
    for (Slot slot : Slot.values()) {
      if (slot != Slot.LOGITS) {
        slots.put(slot, new float[sizing.maxStepTokens() * slot.width(architecture)]);
      }
    }
  }

  /**
   * Checks that every buffer of this backend can be made.
   *
   * @throws ModelFormatException saying which setting is too large for the model
   */
  static void requireFits(Architecture architecture, KvSizing sizing) {
    for (Slot slot : Slot.values()) {
      requireArray(
          (long) sizing.maxStepTokens() * slot.width(architecture),
          "engine.maxStepTokens=" + sizing.maxStepTokens());
    }
    int groupSize = architecture.headCount() / architecture.kvHeadCount();
    requireArray(
        (long) sizing.maxPositions() * Math.max(architecture.ropeDim(), groupSize),
        "models[].contextTokens=" + sizing.maxPositions());
  }

  private static void requireArray(long elements, String setting) {
    if (elements > MAX_ARRAY_ELEMENTS) {
      throw new ModelFormatException(
          "%s is too large for this model: a buffer would have %d elements; lower it"
              .formatted(setting, elements));
    }
  }

  /** Bytes of KV cache per block of {@code blockTokens} tokens. */
  static long bytesPerBlock(Architecture architecture, int blockTokens) {
    return ScalarAttention.bytesPerBlock(architecture, blockTokens);
  }

  @Override
  public String describe() {
    return "cpu (scalar Java, slow: %s; %d threads, KV cache %d MiB off-heap)"
        .formatted(
            why,
            team.threadCount(),
            bytesPerBlock(architecture, sizing.blockTokens()) * sizing.blockCount() >> 20);
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
  public void forward(StepBatch batch, float[] logits) {
    try {
      int rows = batch.rowCount();
      for (Op op : graph.ops()) {
        if (op instanceof Op.SelectRows) {
          rows = selectRows(batch);
          if (rows == 0) {
            return;
          }
        } else {
          run(op, batch, rows, logits);
        }
      }
    } catch (IllegalStateException | IndexOutOfBoundsException e) {
      throw new BackendException("the CPU step failed: " + e.getMessage(), e);
    }
  }

  private void run(Op op, StepBatch batch, int rows, float[] logits) {
    switch (op) {
      case Op.Embed embed -> embed(embed.table(), batch, rows);
      case Op.Norm norm -> normalize(norm, rows);
      case Op.HeadNorm norm -> normalizeHeads(norm, rows);
      case Op.Linear matrix ->
          linear.multiply(
              matrix.weight(),
              matrix.bias() == null ? null : vector(matrix.bias()),
              slot(matrix.source()),
              matrix.target() == Slot.LOGITS ? logits : slot(matrix.target()),
              rows);
      case Op.Rotate rotate -> rotate(rotate, batch, rows);
      case Op.Attend attend ->
          attention.attend(
              attend.layer(),
              batch,
              slot(Slot.QUERY),
              slot(Slot.KEY),
              slot(Slot.VALUE),
              slot(Slot.ATTENDED));
      case Op.SwiGlu() ->
          team.run(
              rows,
              row ->
                  ScalarRows.swiglu(
                      slot(Slot.GATE),
                      slot(Slot.UP),
                      row * architecture.ffnDim(),
                      architecture.ffnDim()));
      case Op.AddResidual() ->
          ScalarRows.add(slot(Slot.HIDDEN), slot(Slot.PROJECTED), 0, rows * architecture.dim());
      case Op.SelectRows() -> throw new IllegalStateException("handled by forward");
    }
  }

  private void embed(Tensor table, StepBatch batch, int rows) {
    float[] hidden = slot(Slot.HIDDEN);
    for (int row = 0; row < rows; row++) {
      table.decodeRow(batch.token(row), hidden, row * table.columns());
    }
  }

  private void normalize(Op.Norm norm, int rows) {
    float[] source = slot(norm.source());
    float[] target = slot(norm.target());
    float[] weight = vector(norm.weight());
    team.run(
        rows,
        row ->
            ScalarRows.normalize(
                source,
                row * weight.length,
                weight,
                architecture.normEpsilon(),
                target,
                row * weight.length));
  }

  private void normalizeHeads(Op.HeadNorm norm, int rows) {
    float[] heads = slot(norm.slot());
    float[] weight = vector(norm.weight());
    for (int head = 0; head < rows * norm.headCount(); head++) {
      int at = head * weight.length;
      ScalarRows.normalize(heads, at, weight, architecture.normEpsilon(), heads, at);
    }
  }

  private void rotate(Op.Rotate rotate, StepBatch batch, int rows) {
    float[] heads = slot(rotate.slot());
    int width = rotate.slot().width(architecture);
    team.run(
        rows, row -> rotation.rotate(heads, row * width, rotate.headCount(), batch.position(row)));
  }

  private int selectRows(StepBatch batch) {
    float[] hidden = slot(Slot.HIDDEN);
    int dim = architecture.dim();
    for (int i = 0; i < batch.logitRowCount(); i++) {
      System.arraycopy(hidden, batch.logitRow(i) * dim, hidden, i * dim, dim);
    }
    return batch.logitRowCount();
  }

  private float[] slot(Slot slot) {
    float[] buffer = slots.get(slot);
    if (buffer == null) {
      throw new IllegalStateException(slot + " is no buffer of the backend");
    }
    return buffer;
  }

  private float[] vector(Tensor tensor) {
    return vectors.computeIfAbsent(tensor, Weights::floats);
  }

  private static int widestMatrix(DecoderGraph graph) {
    int widest = 1;
    for (Op op : graph.ops()) {
      if (op instanceof Op.Linear matrix) {
        widest = Math.max(widest, matrix.weight().columns());
      }
    }
    return widest;
  }

  @Override
  public void close() {
    team.close();
    attention.close();
  }
}
