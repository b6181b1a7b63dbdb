package io.fullbore.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.Map;

/**
 * A product of packed weights with an operand: chooses the kernel by how many rows there are and by
 * the device, and how many blocks share a product's columns ({@code native/cuda/linear.cu}).
 *
 * <p>The kernels differ in how they round, so a row's sums depend a little on how many rows are
 * computed beside it, and not on what is in them.
 */
final class ProductStage implements Stage {
  /** A kernel, as its source describes it. */
  enum Variant {
    FEW_8("few_%s_8", 8, 1, 256, 0, 8, 3, 128 * 4),
    FEW_16("few_%s_16", 16, 4, 256, 0, 2, 2, 4 * 16 * 16 * 4),
    FEW_32("few_%s_32", 32, 4, 256, 0, 2, 2, 4 * 32 * 16 * 4),
    MANY("many_%s", 128, 8, 128, 49_152, 1, 2, 128 * 128 * 4),
    GROUP_64("group_%s_64", 64, 8, 256, 4 * 64 * 128 + 64, 1, 1, 128 * 64 * 4),
    GROUP_128("group_%s_128", 128, 8, 256, 4 * 128 * 128 + 64, 1, 1, 128 * 128 * 4),
    GROUP_256("group_%s_256", 256, 8, 256, 4 * 256 * 128 + 64, 1, 1, 128 * 256 * 4);

    private final String name;
    private final int rows; // of the step, per block
    private final int tiles; // of weight rows, per block
    private final int threads;
    private final int sharedBytes;
    private final int columnWarps;
    private final int residentBlocks; // on a multiprocessor, that products are split for
    private final int partialBytes; // sums of a block

    Variant(
        String name,
        int rows,
        int tiles,
        int threads,
        int sharedBytes,
        int columnWarps,
        int residentBlocks,
        int partialBytes) {
      this.name = name;
      this.rows = rows;
      this.tiles = tiles;
      this.threads = threads;
      this.sharedBytes = sharedBytes;
      this.columnWarps = columnWarps;
      this.residentBlocks = residentBlocks;
      this.partialBytes = partialBytes;
    }

    /** So many blocks fill a device; sums of more than those are never split. */
    int wantedBlocks(CudaDevice device) {
      return residentBlocks * device.multiprocessorCount();
    }

    boolean isFew() {
      return this == FEW_8 || this == FEW_16 || this == FEW_32;
    }

    /** Whether a device with warpgroups, or one without, has the kernel. */
    boolean isCompiledFor(boolean warpgroups) {
      boolean group = this == GROUP_64 || this == GROUP_128 || this == GROUP_256;
      return isFew() || group == warpgroups;
    }

    /** Whether it computes so many rows: the blocks of some have all of them. */
    boolean takes(int rowCount) {
      return !isFew() || rowCount <= rows;
    }

    static Variant of(int rows, boolean warpgroups) {
      if (rows <= 8) {
        return FEW_8;
      } else if (rows <= 16) {
        return FEW_16;
      } else if (rows <= 32) {
        return FEW_32;
      } else if (!warpgroups) {
        return MANY;
      }
      return rows <= 64 ? GROUP_64 : rows <= 128 ? GROUP_128 : GROUP_256;
    }
  }

  /** A column warp of a split has so many chunks at least: shorter ones are all start and end. */
  private static final int MIN_CHUNKS_PER_WARP = 4;

  private static final int MODE_STORE = 0;
  private static final int MODE_ADD = 1;
  private static final int MODE_SWIGLU = 2;

  private final CudaModule module;
  private final boolean warpgroups;
  private final CudaDevice device;
  private final PackedMatrix matrix;
  private final boolean selected;
  private final long counts;
  private final MemorySegment in; // LinearIn
  private final MemorySegment out; // LinearOut
  private final Buffers buffers;
  private final Map<Variant, Launch> launches = new EnumMap<>(Variant.class);

  /**
   * @param counts address of StepCounts
   */
  ProductStage(
      CudaContext context,
      CudaModule module,
      WeightMemory weights,
      Buffers buffers,
      FusedGraph graph,
      FusedOp.Product product,
      long counts) {
    this.module = module;
    this.buffers = buffers;
    this.counts = counts;
    device = context.device();
    warpgroups = hasWarpgroups(device);
    matrix = product.matrix();
    selected = product.target() instanceof FusedOp.Target.Logits;
    in = input(weights, product);
    out = output(weights, graph, product);
  }

  /** Whether the kernels for warpgroups run: they are compiled for one architecture. */
  static boolean hasWarpgroups(CudaDevice device) {
    return device.major() == 9 && device.minor() == 0;
  }

  /** Sums of products that are split, into no more blocks than are wanted. */
  static long partialBytes(CudaDevice device) {
    long most = 0;
    for (Variant variant : Variant.values()) {
      most = Math.max(most, (long) variant.wantedBlocks(device) * variant.partialBytes);
    }
    return most;
  }

  static long arrivalBytes(CudaDevice device) {
    int most = 0;
    for (Variant variant : Variant.values()) {
      most = Math.max(most, variant.wantedBlocks(device));
    }
    return (long) most * Integer.BYTES;
  }

  private MemorySegment input(WeightMemory weights, FusedOp.Product product) {
    DeviceMemory operand =
        switch (product.source()) {
          case NORMED -> buffers.normed;
          case ATTENDED -> buffers.attended;
          case GATE -> buffers.gate;
        };
    MemorySegment struct = MemorySegment.ofArray(new long[3]);
    struct.set(ValueLayout.JAVA_LONG, 0, weights.address(matrix));
    struct.set(ValueLayout.JAVA_LONG, 8, operand.address());
    struct.set(ValueLayout.JAVA_INT, 16, matrix.outRows());
    struct.set(ValueLayout.JAVA_INT, 20, matrix.chunks());
    return struct;
  }

  private MemorySegment output(WeightMemory weights, FusedGraph graph, FusedOp.Product product) {
    long target = 0;
    long operand = 0;
    int mode = MODE_STORE;
    int stride;
    switch (product.target()) {
      case FusedOp.Target.Projections(int offset) -> {
        target = buffers.qkv.address() + (long) offset * Float.BYTES;
        stride = graph.architecture().queryDim() + 2 * graph.architecture().kvDim();
      }
      case FusedOp.Target.Residual() -> {
        target = buffers.hidden.address();
        stride = graph.architecture().dim();
        mode = MODE_ADD;
      }
      case FusedOp.Target.SwiGlu() -> {
        operand = buffers.gate.address();
        stride = graph.operandColumns(FusedOp.Source.GATE);
        mode = MODE_SWIGLU;
      }
      case FusedOp.Target.Logits() -> {
        target = buffers.logits.address();
        stride = graph.architecture().vocabularySize();
      }
    }
    MemorySegment struct = MemorySegment.ofArray(new long[4]);
    struct.set(ValueLayout.JAVA_LONG, 0, target);
    struct.set(ValueLayout.JAVA_LONG, 8, weights.biases(product));
    struct.set(ValueLayout.JAVA_LONG, 16, operand);
    struct.set(ValueLayout.JAVA_INT, 24, mode);
    struct.set(ValueLayout.JAVA_INT, 28, stride);
    return struct;
  }

  @Override
  public void launch(StepShape shape, CudaStream stream) {
    int rows = selected ? shape.logitRows() : shape.rows();
    launch(Variant.of(rows, warpgroups), rows, stream);
  }

  /** The same with a kernel of the caller's choice, which takes so many rows. */
  void launch(Variant variant, int rows, CudaStream stream) {
    int rowBlocks = Math.ceilDiv(rows, variant.rows);
    int tileBlocks = Math.ceilDiv(matrix.tileCount(), variant.tiles);
    int splits = splits(variant, rowBlocks * tileBlocks);
    Launch launch = launches.computeIfAbsent(variant, this::prepare);
    if (variant.isFew()) {
      launch.grid(tileBlocks, splits, 1);
    } else {
      launch.grid(rowBlocks, tileBlocks, splits);
    }
    launch.launch(stream);
  }

  private int splits(Variant variant, int blocks) {
    int most = matrix.chunks() / (MIN_CHUNKS_PER_WARP * variant.columnWarps);
    return Math.clamp(variant.wantedBlocks(device) / blocks, 1, Math.max(1, most));
  }

  private Launch prepare(Variant variant) {
    String name = "linear_" + variant.name.formatted(matrix.format().kernelSuffix());
    Kernel kernel = module.kernel(name);
    if (variant.sharedBytes > 0) {
      kernel.allowSharedBytes(variant.sharedBytes);
    }
    return kernel
        .prepare()
        .address(counts)
        .int32(selected ? 1 : 0)
        .struct(in)
        .struct(out)
        .address(buffers.productPartials)
        .address(buffers.arrivals)
        .block(variant.threads)
        .sharedBytes(variant.sharedBytes)
        .build();
  }
}
