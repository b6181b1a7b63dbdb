package io.fullbore.backend.cuda;

import io.fullbore.backend.BackendException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * What a GPU can do at most, measured: the floors that a model's speed is held against. For
 * benches.
 *
 * @param device its name
 * @param computeCapability such as 9.0
 * @param multiprocessors how many it has
 * @param memoryBytes of its memory
 * @param l2Bytes of its last cache
 * @param driver the newest CUDA that the driver serves
 * @param copyGbPerSecond bytes read and written by a kernel that copies, in 10^9
 * @param driverCopyGbPerSecond the same of the driver's own copy
 * @param readGbPerSecond bytes read by a kernel that only reads
 * @param registerTflopsF16 of matrix products from registers
 * @param registerTflopsBf16 the same in bfloat16
 * @param groupTflopsF16 of warpgroups' products; 0 where the device has none
 * @param groupTflopsBf16 the same in bfloat16
 * @param launchMicros per kernel that is launched by itself, of small ones, as the host sees it
 * @param graphMicros per kernel of a graph, the same
 */
public record CudaCeilings(
    String device,
    String computeCapability,
    int multiprocessors,
    long memoryBytes,
    int l2Bytes,
    String driver,
    double copyGbPerSecond,
    double driverCopyGbPerSecond,
    double readGbPerSecond,
    double registerTflopsF16,
    double registerTflopsBf16,
    double groupTflopsF16,
    double groupTflopsBf16,
    double launchMicros,
    double graphMicros) {

  /**
   * How much is done.
   *
   * @param copyBytes of the source of a copy
   * @param iterations of a kernel of products
   * @param repetitions that a median is taken of
   */
  public record Effort(long copyBytes, int iterations, int repetitions) {
    /** Several milliseconds per kernel. */
    public static final Effort FULL = new Effort(4L << 30, 16_000, 21);

    /** For a rehearsal without a GPU. */
    public static final Effort SMALL = new Effort(1 << 16, 2, 3);
  }

  private static final int WORD_BYTES = 4;
  private static final int VECTOR_BYTES = 16;
  private static final int PRODUCT_THREADS = 256;
  private static final int PRODUCT_WARPS = 8;
  private static final long OPERAND_WORDS = 8192;
  private static final int GROUP_SHARED_BYTES = 32_768;

  /** Floating-point operations of a warp's iteration. */
  private static final double WARP_FLOPS = 8 * 2.0 * 16 * 8 * 16;

  /** And of a warpgroup's. */
  private static final double GROUP_FLOPS = 4 * 2.0 * 64 * 256 * 16;

  private static final int WARPGROUPS = 2;
  private static final int SMALL_KERNELS = 200;
  private static final double FLOPS_PER_MICRO_PER_TFLOPS = 1e6;
  private static final double BYTES_PER_MICRO_PER_GB = 1e3;

  /**
   * Measures this machine's first GPU.
   *
   * @throws BackendException when there is none that works
   */
  public static CudaCeilings measure(Effort effort) {
    return measure(Workbench.open(), effort);
  }

  /** The same on a device that is open, and closed afterwards. */
  static CudaCeilings measure(Workbench open, Effort effort) {
    try (Workbench bench = open) {
      return new Trial(bench, effort).run();
    } catch (CudaException e) {
      throw new BackendException(e.getMessage(), e);
    }
  }

  /** The better of the kernels for registers and for warpgroups. */
  public double tflops(boolean brain) {
    return brain
        ? Math.max(registerTflopsBf16, groupTflopsBf16)
        : Math.max(registerTflopsF16, groupTflopsF16);
  }

  private static final class Trial {
    private final Workbench bench;
    private final Effort effort;
    private final int multiprocessors;
    private final DeviceMemory out;
    private final DeviceMemory operands;

    Trial(Workbench bench, Effort effort) {
      this.bench = bench;
      this.effort = effort;
      multiprocessors = bench.device().multiprocessorCount();
      out = bench.context().allocate(VECTOR_BYTES);
      operands = bench.context().allocate(OPERAND_WORDS * WORD_BYTES);
    }

    CudaCeilings run() {
      CudaDevice device = bench.device();
      double read;
      double copy;
      double driverCopy;
      try (DeviceMemory source = bench.context().allocate(effort.copyBytes);
          DeviceMemory target = bench.context().allocate(effort.copyBytes)) {
        fill(source, OperandKind.F16);
        read = bandwidth(1, reader(source));
        copy = bandwidth(2, copier(source, target));
        driverCopy =
            bandwidth(
                2, List.of(() -> bench.stream().copy(target, 0, source, 0, effort.copyBytes)));
      }
      boolean groups = ProductStage.hasWarpgroups(device);
      return new CudaCeilings(
          device.name(),
          device.major() + "." + device.minor(),
          multiprocessors,
          device.totalBytes(),
          device.l2Bytes(),
          bench.context().driver().versionText(),
          copy,
          driverCopy,
          read,
          registerTflops(OperandKind.F16),
          registerTflops(OperandKind.BF16),
          groups ? groupTflops(OperandKind.F16) : 0,
          groups ? groupTflops(OperandKind.BF16) : 0,
          launchMicros(),
          graphMicros());
    }

    private Launch filler(DeviceMemory memory, OperandKind kind) {
      boolean brain = kind == OperandKind.BF16;
      return bench
          .module()
          .kernel("ceiling_fill")
          .prepare()
          .address(memory)
          .int64(memory.bytes() / WORD_BYTES)
          .int32(brain ? 0x3f80 : 0x3c00)
          .int32(brain ? 0x7f : 0x3ff)
          .grid(8 * multiprocessors, 1, 1)
          .block(256)
          .build();
    }

    private void fill(DeviceMemory memory, OperandKind kind) {
      filler(memory, kind).launch(bench.stream());
    }

    // --- Memory -------------------------------------------------------------------------------

    /** The fastest of several ways to do it, in 10^9 bytes per second. */
    private double bandwidth(int passes, List<Runnable> ways) {
      double bytes = (double) passes * effort.copyBytes;
      return ways.stream()
              .mapToDouble(way -> bytes / bench.micros(effort.repetitions, way))
              .max()
              .orElseThrow()
          / BYTES_PER_MICRO_PER_GB;
    }

    private List<Runnable> reader(DeviceMemory source) {
      Launch.Builder builder =
          bench
              .module()
              .kernel("ceiling_read")
              .prepare()
              .address(source)
              .int64(effort.copyBytes / VECTOR_BYTES)
              .address(out);
      return grids(builder);
    }

    private List<Runnable> copier(DeviceMemory source, DeviceMemory target) {
      Launch.Builder builder =
          bench
              .module()
              .kernel("ceiling_copy")
              .prepare()
              .address(target)
              .address(source)
              .int64(effort.copyBytes / VECTOR_BYTES);
      return grids(builder);
    }

    private List<Runnable> grids(Launch.Builder builder) {
      List<Runnable> ways = new ArrayList<>();
      for (int threads : new int[] {256, 512, 1024}) {
        for (int waves : new int[] {1, 4}) {
          Launch launch =
              builder.block(threads).grid(2048 / threads * waves * multiprocessors, 1, 1).build();
          ways.add(() -> launch.launch(bench.stream()));
        }
      }
      return ways;
    }

    // --- Matrix units -------------------------------------------------------------------------

    private double registerTflops(OperandKind kind) {
      int blocks = 4 * multiprocessors;
      double micros = products("ceiling_mma_", kind, blocks, 0);
      return blocks
          * PRODUCT_WARPS
          * WARP_FLOPS
          * effort.iterations
          / micros
          / FLOPS_PER_MICRO_PER_TFLOPS;
    }

    private double groupTflops(OperandKind kind) {
      double micros = products("ceiling_group_", kind, multiprocessors, GROUP_SHARED_BYTES);
      return multiprocessors
          * WARPGROUPS
          * GROUP_FLOPS
          * effort.iterations
          / micros
          / FLOPS_PER_MICRO_PER_TFLOPS;
    }

    private double products(String kernel, OperandKind kind, int blocks, int sharedBytes) {
      fill(operands, kind);
      Launch launch =
          bench
              .module()
              .kernel(kernel + kind.kernelSuffix())
              .prepare()
              .address(operands)
              .int32(effort.iterations)
              .address(out)
              .grid(blocks, 1, 1)
              .block(PRODUCT_THREADS)
              .sharedBytes(sharedBytes)
              .build();
      return bench.micros(effort.repetitions, () -> launch.launch(bench.stream()));
    }

    // --- Launches -----------------------------------------------------------------------------

    private IntConsumer smallKernels() {
      Launch launch = filler(out, OperandKind.F16).grid(1, 1, 1);
      return count -> {
        for (int i = 0; i < count; i++) {
          launch.launch(bench.stream());
        }
      };
    }

    private double launchMicros() {
      IntConsumer kernels = smallKernels();
      return bench.hostMicros(effort.repetitions, () -> kernels.accept(SMALL_KERNELS))
          / SMALL_KERNELS;
    }

    private double graphMicros() {
      IntConsumer kernels = smallKernels();
      try (CudaGraph graph = bench.stream().capture(() -> kernels.accept(SMALL_KERNELS))) {
        return bench.hostMicros(effort.repetitions, () -> graph.launch(bench.stream()))
            / SMALL_KERNELS;
      }
    }
  }
}
