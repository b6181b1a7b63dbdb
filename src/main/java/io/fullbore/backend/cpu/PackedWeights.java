package io.fullbore.backend.cpu;

import io.fullbore.graph.DecoderGraph;
import io.fullbore.graph.Op;
import io.fullbore.model.Tensor;
import io.fullbore.model.Weights;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model's weights in the order in which the kernels read them, made once from the mapped file:
 * all matrices in one block of memory, and the small vectors as floats.
 *
 * <pre>
 *   data        [matrix][group][group bytes], groups of fb_lanes rows
 *   fb_matrix   0 data   8 bias or null   16 format   20 rows   24 columns   28 reserved
 * </pre>
 *
 * <p>A packed matrix's pages of the file are given back, so that a model lies in memory once; a row
 * of the embedding that is looked up comes back from the file. An output that is tied to the
 * embedding has its own packed copy. Part of a backend, in whose memory it lies; made by the engine
 * thread with its team, read-only after that.
 */
final class PackedWeights {
  private static final int ALIGNMENT_BYTES = 64;

  /** Packed by one task: long enough to hide the start of a task, short enough to share evenly. */
  private static final long PACK_TASK_BYTES = 1 << 20;

  /**
   * A packed matrix.
   *
   * @param struct address of its fb_matrix
   * @param groupCount groups of rows
   * @param reads what it multiplies
   */
  record Matrix(long struct, int groupCount, long groupBytes, Activations reads) {}

  /** Groups {@code [from, to)} of a matrix, to be packed. */
  private record PackTask(Op.Linear op, long target, int from, int to) {}

  private final Kernels kernels;
  private final NativeMemory memory;
  private final Map<Op.Linear, Matrix> matrices = new IdentityHashMap<>();
  private final Map<Tensor, Long> vectors = new IdentityHashMap<>(); // addresses

  PackedWeights(NativeMemory memory, Kernels kernels, DecoderGraph graph, ThreadTeam team) {
    this.memory = memory;
    this.kernels = kernels;
    List<PackTask> tasks = new ArrayList<>();
    MemorySegment data = memory.allocateHuge(totalBytes(graph));
    long offset = 0;
    for (Op op : graph.ops()) {
      switch (op) {
        case Op.Linear linear -> {
          Matrix matrix = place(linear, data.address() + offset, tasks);
          matrices.put(linear, matrix);
          offset += alignedBytes(matrix.groupCount * matrix.groupBytes);
        }
        case Op.Norm norm -> addVector(norm.weight());
        case Op.HeadNorm norm -> addVector(norm.weight());
        case Op.Embed _, Op.Rotate _, Op.Attend _, Op.SwiGlu _ -> {}
        case Op.AddResidual _, Op.SelectRows _ -> {}
      }
    }
    team.run(tasks.size(), task -> pack(tasks.get(task)));
    matrices.keySet().forEach(PackedWeights::giveBack);
  }

  private long totalBytes(DecoderGraph graph) {
    long bytes = 0;
    for (Op op : graph.ops()) {
      if (op instanceof Op.Linear linear) {
        bytes += alignedBytes(groupCount(linear.weight()) * groupBytes(linear.weight()));
      }
    }
    return bytes;
  }

  private static long alignedBytes(long bytes) {
    return (bytes + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
  }

  private int groupCount(Tensor weight) {
    return Math.ceilDiv(weight.rows(), kernels.lanes());
  }

  private long groupBytes(Tensor weight) {
    return kernels.groupBytes(weight.format(), weight.columns());
  }

  private Matrix place(Op.Linear op, long target, List<PackTask> tasks) {
    Tensor weight = op.weight();
    if (!weight.data().isNative()) {
      throw new IllegalArgumentException(
          "tensor=%s lies in the Java heap, which the kernels cannot read"
              .formatted(weight.name()));
    }
    int groupCount = groupCount(weight);
    long groupBytes = groupBytes(weight);
    int groupsPerTask = Math.clamp(PACK_TASK_BYTES / groupBytes, 1, groupCount);
    for (int from = 0; from < groupCount; from += groupsPerTask) {
      tasks.add(new PackTask(op, target, from, Math.min(groupCount, from + groupsPerTask)));
    }
    MemorySegment struct = memory.allocate(4 * Long.BYTES);
    struct.set(ValueLayout.JAVA_LONG, 0, target);
    struct.set(ValueLayout.JAVA_LONG, 8, op.bias() == null ? 0 : addVector(op.bias()));
    struct.set(ValueLayout.JAVA_INT, 16, weight.format().typeId());
    struct.set(ValueLayout.JAVA_INT, 20, weight.rows());
    struct.set(ValueLayout.JAVA_INT, 24, weight.columns());
    Activations reads = kernels.wants(weight.format());
    return new Matrix(struct.address(), groupCount, groupBytes, reads);
  }

  private long addVector(Tensor tensor) {
    return vectors.computeIfAbsent(tensor, each -> memory.copyOf(Weights.floats(each)).address());
  }

  private void pack(PackTask task) {
    Tensor weight = task.op.weight();
    kernels.pack(
        weight.format(),
        weight.data().address(),
        weight.rows(),
        weight.columns(),
        task.target,
        task.from,
        task.to);
  }

  /** Pages of a file come back when they are read again; memory of a caller would not. */
  private static void giveBack(Op.Linear op) {
    if (op.weight().data().isMapped()) {
      op.weight().data().unload();
    }
  }

  Matrix matrix(Op.Linear op) {
    Matrix matrix = matrices.get(op);
    if (matrix == null) {
      throw new IllegalArgumentException("tensor=%s is not packed".formatted(op.weight().name()));
    }
    return matrix;
  }

  /** Address of a norm's weights. */
  long vector(Tensor tensor) {
    Long address = vectors.get(tensor);
    if (address == null) {
      throw new IllegalArgumentException("tensor=%s is no vector".formatted(tensor.name()));
    }
    return address;
  }
}
