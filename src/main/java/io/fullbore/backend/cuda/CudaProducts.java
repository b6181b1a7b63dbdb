package io.fullbore.backend.cuda;

import io.fullbore.backend.BackendException;
import io.fullbore.backend.KvSizing;
import io.fullbore.model.Architecture;
import io.fullbore.model.RopePairing;
import io.fullbore.model.Tensor;
import io.fullbore.model.WeightFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The products of a layer on a GPU, kernel by kernel: how long each takes, and whether all give the
 * same, which is also computed here for some of the sums. For benches.
 *
 * <p>Weights and operands are random. A product takes turns among as many copies of its matrix as
 * overflow the device's last cache, as a step's products do.
 */
public final class CudaProducts {
  /**
   * The shape of a model's layers, each number a multiple of 256.
   *
   * @param vocabularySize rows of the output
   */
  public record Shape(
      int dim, int heads, int kvHeads, int headDim, int ffnDim, int vocabularySize) {}

  /**
   * How much is done.
   *
   * @param rowCounts of the step
   * @param maxCopies of a matrix that take turns
   * @param repetitions that a median is taken of
   */
  public record Effort(Shape shape, List<Integer> rowCounts, int maxCopies, int repetitions) {
    /** The layers of Llama 3.1 8B. */
    public static final Effort FULL =
        new Effort(
            new Shape(4096, 32, 8, 128, 14_336, 128_256), List.of(1, 8, 32, 128, 256, 2048), 24, 9);

    /** For a rehearsal without a GPU. */
    public static final Effort SMALL =
        new Effort(new Shape(256, 4, 2, 64, 256, 256), List.of(1, 40), 1, 1);
  }

  /**
   * One product of so many rows.
   *
   * @param product qkv, o, gate_up, down or logits
   * @param outRows of the matrix in all
   * @param kernel that the backend chooses
   * @param weightBytes as they lie in device memory
   * @param movedBytes of weights, operand and result
   * @param flops a multiplication and an addition per weight and row
   * @param micros that it takes
   * @param otherMicros of the other kernels that could do it
   * @param greatestError against sums computed in double precision from the same weights and
   *     operands, divided by the sums' root mean square
   * @param greatestDifference among all kernels that can do it, divided by the same
   */
  public record Row(
      String product,
      String format,
      int rows,
      int outRows,
      int columns,
      String kernel,
      long weightBytes,
      long movedBytes,
      double flops,
      double micros,
      Map<String, Double> otherMicros,
      double greatestError,
      double greatestDifference) {}

  private static final List<String> PRODUCTS = List.of("qkv", "o", "gate_up", "down", "logits");

  /** A step has no more rows whose logits are wanted. */
  private static final int MAX_LOGIT_ROWS = 256;

  /** So many rows of results are compared, and of weights and operands are different. */
  static final int DISTINCT_ROWS = 64;

  private static final int CACHES = 4;

  private final Workbench bench;
  private final Effort effort;
  private final Shape shape;
  private final Architecture architecture;
  private final Buffers buffers;
  private final DeviceMemory counts;
  private final Random random = new Random(1);

  private CudaProducts(Workbench bench, Effort effort) {
    this.bench = bench;
    this.effort = effort;
    shape = effort.shape;
    int maxRows = effort.rowCounts.stream().mapToInt(Integer::intValue).max().orElseThrow();
    architecture =
        new Architecture(
            "llama",
            1,
            shape.dim,
            shape.heads,
            shape.kvHeads,
            shape.headDim,
            shape.headDim,
            shape.ffnDim,
            maxRows,
            shape.vocabularySize,
            1e-5f,
            10_000,
            1,
            RopePairing.ADJACENT,
            false);
    KvSizing sizing = new KvSizing(1, 16, maxRows, maxRows, MAX_LOGIT_ROWS);
    buffers =
        new Buffers(
            bench.context(),
            bench.stream(),
            Buffers.Sizes.of(architecture, sizing, bench.device()));
    counts = bench.context().allocate(4 * Integer.BYTES);
  }

  /**
   * Measures on this machine's first GPU.
   *
   * @param each gets every row as soon as it is there
   * @throws BackendException when there is no GPU that works
   */
  public static void measure(Effort effort, List<WeightFormat> formats, Consumer<Row> each) {
    measure(Workbench::open, effort, formats, each);
  }

  /** The same on devices that are opened so. */
  static void measure(
      Supplier<Workbench> opener, Effort effort, List<WeightFormat> formats, Consumer<Row> each) {
    for (WeightFormat format : formats) {
      for (String product : PRODUCTS) {
        // Each has the device for itself, and leaves nothing there.
        try (Workbench bench = opener.get();
            Arena arena = Arena.ofShared()) {
          new CudaProducts(bench, effort).measure(product, format, arena, each);
        } catch (CudaException e) {
          throw new BackendException(
              "product=%s format=%s: %s".formatted(product, format, e.getMessage()), e);
        }
      }
    }
  }

  private void measure(String product, WeightFormat format, Arena arena, Consumer<Row> each) {
    OperandKind kind = format == WeightFormat.BF16 ? OperandKind.BF16 : OperandKind.F16;
    List<Tensor> tensors = tensors(product, format, arena);
    List<FusedOp> copies = new ArrayList<>();
    PackedMatrix first = matrix(product, tensors, kind, 0);
    long wanted = CACHES * (long) bench.device().l2Bytes();
    int count = Math.clamp(Math.ceilDiv(wanted, first.bytes()), 1, effort.maxCopies);
    for (int i = 0; i < count; i++) {
      PackedMatrix matrix = i == 0 ? first : matrix(product, tensors, kind, i);
      List<@Nullable Tensor> none = new ArrayList<>(Collections.nCopies(tensors.size(), null));
      copies.add(new FusedOp.Product(matrix, none, source(product), target(product)));
    }
    FusedGraph graph = new FusedGraph(architecture, kind, copies, List.of());
    WeightMemory weights =
        WeightMemory.load(bench.context(), bench.module(), bench.stream(), graph, bytes -> {});
    List<ProductStage> stages = new ArrayList<>();
    for (FusedOp copy : copies) {
      stages.add(
          new ProductStage(
              bench.context(),
              bench.module(),
              weights,
              buffers,
              graph,
              (FusedOp.Product) copy,
              counts.address()));
    }
    float[][] operand = fillOperand(product, first.columns(), kind);
    var trial =
        new ProductTrial(
            bench,
            buffers,
            counts,
            product,
            format,
            kind,
            first,
            stages,
            operand,
            effort.repetitions);
    for (int rows : effort.rowCounts) {
      if (!product.equals("logits") || rows <= MAX_LOGIT_ROWS) {
        each.accept(trial.run(rows));
      }
    }
  }

  // --- What is multiplied ---------------------------------------------------------------------

  private List<Tensor> tensors(String product, WeightFormat format, Arena arena) {
    int queryDim = shape.heads * shape.headDim;
    int kvDim = shape.kvHeads * shape.headDim;
    return switch (product) {
      case "qkv" ->
          List.of(
              tensor("q", format, queryDim, shape.dim, arena),
              tensor("k", format, kvDim, shape.dim, arena),
              tensor("v", format, kvDim, shape.dim, arena));
      case "o" -> List.of(tensor("o", format, shape.dim, queryDim, arena));
      case "gate_up" ->
          List.of(
              tensor("gate", format, shape.ffnDim, shape.dim, arena),
              tensor("up", format, shape.ffnDim, shape.dim, arena));
      case "down" -> List.of(tensor("down", format, shape.dim, shape.ffnDim, arena));
      case "logits" -> List.of(tensor("output", format, shape.vocabularySize, shape.dim, arena));
      default -> throw new IllegalArgumentException("product=" + product);
    };
  }

  /** Random rows, repeated. */
  private Tensor tensor(String name, WeightFormat format, int rows, int columns, Arena arena) {
    long rowBytes = format.rowBytes(columns);
    MemorySegment data = arena.allocate(rows * rowBytes, 64);
    float deviation = 1 / (float) Math.sqrt(columns);
    float[] weights = new float[columns];
    long distinctBytes = Math.min(rows, DISTINCT_ROWS) * rowBytes;
    for (long at = 0; at < distinctBytes; at += rowBytes) {
      for (int i = 0; i < columns; i++) {
        weights[i] = deviation * (float) random.nextGaussian();
      }
      format.encoder().orElseThrow().encode(weights, 0, data, at, columns);
    }
    for (long at = distinctBytes; at < data.byteSize(); at += distinctBytes) {
      long bytes = Math.min(distinctBytes, data.byteSize() - at);
      MemorySegment.copy(data, 0, data, at, bytes);
    }
    return new Tensor(name, format, rows, columns, data.asReadOnly());
  }

  private static PackedMatrix matrix(
      String product, List<Tensor> tensors, OperandKind kind, int copy) {
    List<Tensor> named =
        tensors.stream()
            .map(
                each ->
                    new Tensor(
                        each.name() + copy,
                        each.format(),
                        each.rows(),
                        each.columns(),
                        each.data()))
            .toList();
    PackedFormat format = PackedFormat.of(tensors.getFirst().format(), kind);
    return new PackedMatrix(named, product.equals("gate_up"), format);
  }

  private static FusedOp.Source source(String product) {
    return switch (product) {
      case "o" -> FusedOp.Source.ATTENDED;
      case "down" -> FusedOp.Source.GATE;
      default -> FusedOp.Source.NORMED;
    };
  }

  static FusedOp.Target target(String product) {
    return switch (product) {
      case "qkv" -> new FusedOp.Target.Projections(0);
      case "gate_up" -> new FusedOp.Target.SwiGlu();
      case "logits" -> new FusedOp.Target.Logits();
      default -> new FusedOp.Target.Residual();
    };
  }

  private DeviceMemory operandOf(String product) {
    return switch (source(product)) {
      case NORMED -> buffers.normed;
      case ATTENDED -> buffers.attended;
      case GATE -> buffers.gate;
    };
  }

  /** Random rows, repeated; gives the different ones as the device has them. */
  private float[][] fillOperand(String product, int columns, OperandKind kind) {
    float[][] rows = new float[DISTINCT_ROWS][columns];
    DeviceMemory target = operandOf(product);
    long bytes = (long) DISTINCT_ROWS * columns * OperandKind.BYTES;
    try (PinnedMemory pinned = bench.context().allocatePinned(bytes)) {
      for (int row = 0; row < DISTINCT_ROWS; row++) {
        for (int column = 0; column < columns; column++) {
          short bits = rounded((float) random.nextGaussian(), kind);
          rows[row][column] = toFloat(bits, kind);
          pinned
              .segment()
              .setAtIndex(ValueLayout.JAVA_SHORT, operandIndex(row, column, columns), bits);
        }
      }
      for (long at = 0; at + bytes <= target.bytes(); at += bytes) {
        bench.stream().upload(target, at, pinned.segment());
      }
      bench.stream().synchronize();
    }
    return rows;
  }

  /** As {@code operand_index} of {@code native/cuda/kernels.cuh}. */
  static long operandIndex(int row, int column, int columns) {
    return (((long) (row / 8) * (columns / 8) + column / 8) * 8 + row % 8) * 8 + column % 8;
  }

  private static short rounded(float x, OperandKind kind) {
    return kind == OperandKind.F16
        ? Float.floatToFloat16(x)
        : (short) (Float.floatToRawIntBits(x) >>> 16);
  }

  static float toFloat(short bits, OperandKind kind) {
    return kind == OperandKind.F16 ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
  }
}
