package io.fullbore.backend.cuda;

import io.fullbore.graph.DecoderGraph;
import io.fullbore.graph.Op;
import io.fullbore.graph.Slot;
import io.fullbore.model.Architecture;
import io.fullbore.model.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A decoder graph as the device runs it: operations that follow each other are one kernel where one
 * can do them.
 *
 * <pre>
 *   Linear to QUERY, KEY, VALUE           one product per format among them
 *   HeadNorm, Rotate, Attend              an attention
 *   Linear to PROJECTED, AddResidual      a product that adds
 *   Linear to GATE, to UP, SwiGlu         a product of both, interleaved
 * </pre>
 *
 * @param kind of all operands
 * @param allRows for all rows of a step
 * @param logitRows for those whose logits are wanted, after them
 */
record FusedGraph(
    Architecture architecture, OperandKind kind, List<FusedOp> allRows, List<FusedOp> logitRows) {

  /**
   * @throws IllegalArgumentException when the graph has operations in an order that is not known
   */
  static FusedGraph of(DecoderGraph graph) {
    return new Translation(graph).run();
  }

  /** Columns of an operand, filled up to whole chunks. */
  int operandColumns(FusedOp.Source source) {
    int width =
        switch (source) {
          case NORMED -> architecture.dim();
          case ATTENDED -> architecture.queryDim();
          case GATE -> architecture.ffnDim();
        };
    return Math.ceilDiv(width, PackedFormat.CHUNK_COLUMNS) * PackedFormat.CHUNK_COLUMNS;
  }

  /** All matrices, each once, in the order of their use. */
  List<PackedMatrix> matrices() {
    Map<PackedMatrix, PackedMatrix> matrices = new LinkedHashMap<>();
    for (List<FusedOp> ops : List.of(allRows, logitRows)) {
      for (FusedOp op : ops) {
        switch (op) {
          case FusedOp.Embed embed -> matrices.put(embed.table(), embed.table());
          case FusedOp.Product product -> matrices.put(product.matrix(), product.matrix());
          case FusedOp.Norm _, FusedOp.Attention _ -> {}
        }
      }
    }
    return List.copyOf(matrices.values());
  }

  /** Goes through a graph's operations once. */
  private static final class Translation {
    private final Architecture architecture;
    private final List<Op> ops;
    private final OperandKind kind;
    private final List<FusedOp> allRows = new ArrayList<>();
    private final List<FusedOp> logitRows = new ArrayList<>();
    private List<FusedOp> fused = allRows;
    private int next;

    Translation(DecoderGraph graph) {
      architecture = graph.architecture();
      ops = graph.ops();
      kind = OperandKind.of(graph);
    }

    FusedGraph run() {
      while (next < ops.size()) {
        Op op = ops.get(next++);
        switch (op) {
          case Op.Embed embed -> fused.add(new FusedOp.Embed(packed(embed.table())));
          case Op.SelectRows() -> fused = logitRows;
          case Op.Norm norm when norm.source() == Slot.HIDDEN && norm.target() == Slot.NORMED ->
              fused.add(new FusedOp.Norm(norm.weight(), fused == logitRows));
          case Op.Linear linear -> product(linear);
          case Op.HeadNorm _, Op.Rotate _, Op.Attend _ -> attention(op);
          case Op.Norm _, Op.SwiGlu _, Op.AddResidual _ -> throw unknown(op);
        }
      }
      return new FusedGraph(architecture, kind, List.copyOf(allRows), List.copyOf(logitRows));
    }

    private void product(Op.Linear linear) {
      switch (linear.target()) {
        case QUERY, KEY, VALUE -> {
          List<Op.Linear> projections = new ArrayList<>(List.of(linear));
          while (ops.get(next) instanceof Op.Linear other && other.source() == linear.source()) {
            projections.add(other);
            next++;
          }
          projections(projections);
        }
        case GATE -> {
          Op.Linear up = require(Op.Linear.class, linear);
          require(Op.SwiGlu.class, up);
          swiglu(linear, up);
        }
        case PROJECTED -> {
          require(Op.AddResidual.class, linear);
          add(packed(linear.weight()), linear, new FusedOp.Target.Residual());
        }
        case LOGITS -> add(packed(linear.weight()), linear, new FusedOp.Target.Logits());
        case HIDDEN, NORMED, ATTENDED, UP -> throw unknown(linear);
      }
    }

    /** Neighbours of one format lie in one matrix, where tiles hold rows of one of them alone. */
    private void projections(List<Op.Linear> projections) {
      int from = 0;
      while (from < projections.size()) {
        int end = from + 1;
        while (end < projections.size()
            && format(projections.get(end)) == format(projections.get(from))
            && projections.get(end - 1).weight().rows() % PackedFormat.TILE_ROWS == 0) {
          end++;
        }
        List<Op.Linear> stacked = projections.subList(from, end);
        List<@Nullable Tensor> biases = new ArrayList<>();
        stacked.forEach(each -> biases.add(each.bias()));
        Op.Linear first = stacked.getFirst();
        fused.add(
            new FusedOp.Product(
                new PackedMatrix(
                    stacked.stream().map(Op.Linear::weight).toList(), false, format(first)),
                biases,
                source(first),
                new FusedOp.Target.Projections(offset(first.target()))));
        from = end;
      }
    }

    private int offset(Slot slot) {
      return switch (slot) {
        case QUERY -> 0;
        case KEY -> architecture.queryDim();
        default -> architecture.queryDim() + architecture.kvDim();
      };
    }

    private void swiglu(Op.Linear gate, Op.Linear up) {
      boolean alike =
          format(gate) == format(up)
              && up.source() == gate.source()
              && up.target() == Slot.UP
              && gate.bias() == null
              && up.bias() == null;
      if (!alike) {
        throw new IllegalArgumentException(
            "tensor=%s format=%s and tensor=%s format=%s: gate and up must be alike"
                .formatted(
                    gate.weight().name(),
                    gate.weight().format(),
                    up.weight().name(),
                    up.weight().format()));
      }
      PackedMatrix both = new PackedMatrix(List.of(gate.weight(), up.weight()), true, format(gate));
      fused.add(new FusedOp.Product(both, noBiases(2), source(gate), new FusedOp.Target.SwiGlu()));
    }

    private void add(PackedMatrix matrix, Op.Linear linear, FusedOp.Target target) {
      List<@Nullable Tensor> biases = noBiases(1);
      biases.set(0, linear.bias());
      fused.add(new FusedOp.Product(matrix, biases, source(linear), target));
    }

    private static List<@Nullable Tensor> noBiases(int count) {
      List<@Nullable Tensor> biases = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        biases.add(null);
      }
      return biases;
    }

    private static FusedOp.Source source(Op.Linear linear) {
      return switch (linear.source()) {
        case NORMED -> FusedOp.Source.NORMED;
        case ATTENDED -> FusedOp.Source.ATTENDED;
        case GATE -> FusedOp.Source.GATE;
        default -> throw unknown(linear);
      };
    }

    private void attention(Op first) {
      Map<Slot, Tensor> norms = new HashMap<>();
      Op op = first;
      while (!(op instanceof Op.Attend attend)) {
        switch (op) {
          case Op.HeadNorm norm -> norms.put(norm.slot(), norm.weight());
          case Op.Rotate _ -> {}
          default -> throw unknown(op);
        }
        op = ops.get(next++);
      }
      fused.add(new FusedOp.Attention(attend.layer(), norms.get(Slot.QUERY), norms.get(Slot.KEY)));
    }

    private PackedMatrix packed(Tensor tensor) {
      return PackedMatrix.of(tensor, PackedFormat.of(tensor.format(), kind));
    }

    private PackedFormat format(Op.Linear linear) {
      return PackedFormat.of(linear.weight().format(), kind);
    }

    private <T extends Op> T require(Class<T> type, Op before) {
      if (next < ops.size() && type.isInstance(ops.get(next))) {
        return type.cast(ops.get(next++));
      }
      throw new IllegalArgumentException(
          "after %s the device needs %s".formatted(before, type.getSimpleName()));
    }

    private static IllegalArgumentException unknown(Op op) {
      return new IllegalArgumentException("the device has no kernel for %s here".formatted(op));
    }
  }
}
