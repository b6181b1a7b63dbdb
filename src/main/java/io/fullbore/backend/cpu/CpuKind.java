package io.fullbore.backend.cpu;

import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendKind;
import io.fullbore.backend.HostMemory;
import io.fullbore.backend.KvSizing;
import io.fullbore.config.ServerConfig.KernelChoice;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.graph.Op;
import io.fullbore.model.Architecture;
import io.fullbore.model.Tensor;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How a model runs on the processor: with the kernels in C where the jar has some that this
 * processor runs, else in scalar Java, which runs everywhere, as the last resort.
 */
public final class CpuKind implements BackendKind {
  private static final int AUTOMATIC_MAX_RUNNING = 32;
  private static final int AUTOMATIC_MAX_STEP_TOKENS = 512;

  private final @Nullable Kernels kernels;
  private final String whyScalar;

  private CpuKind(@Nullable Kernels kernels, String whyScalar) {
    this.kernels = kernels;
    this.whyScalar = whyScalar;
  }

  /**
   * Chooses for a model.
   *
   * @throws IllegalArgumentException when the choice is an instruction set that does not run here
   */
  public static CpuKind of(KernelChoice choice, DecoderGraph graph) {
    return of(choice, graph, KernelLibrary.inJar());
  }

  /** The same with other files of kernels. */
  static CpuKind of(KernelChoice choice, DecoderGraph graph, KernelLibrary library) {
    KernelLibrary.Search search =
        switch (choice) {
          case AUTO -> library.fastest();
          case SCALAR -> new KernelLibrary.Search.Missing("engine.kernels=scalar");
          case AVX2 -> library.of(InstructionSet.AVX2);
          case AVX512 -> library.of(InstructionSet.AVX512);
          case AVX512_BF16 -> library.of(InstructionSet.AVX512_BF16);
          case NEON -> library.of(InstructionSet.NEON);
        };
    CpuKind kind =
        switch (search) {
          case KernelLibrary.Search.Found(Kernels kernels) -> ofFormats(kernels, graph);
          case KernelLibrary.Search.Missing(String reason) -> new CpuKind(null, reason);
        };
    boolean required = choice != KernelChoice.AUTO && choice != KernelChoice.SCALAR;
    if (required && kind.kernels == null) {
      throw new IllegalArgumentException(
          "engine.kernels=%s: %s; auto takes what there is"
              .formatted(choice.name().toLowerCase(Locale.ROOT), kind.whyScalar));
    }
    return kind;
  }

  private static CpuKind ofFormats(Kernels kernels, DecoderGraph graph) {
    for (Op op : graph.ops()) {
      if (op instanceof Op.Linear linear && !kernels.supports(linear.weight().format())) {
        Tensor weight = linear.weight();
        return new CpuKind(
            null,
            "no C kernel for format=%s of tensor=%s".formatted(weight.format(), weight.name()));
      }
    }
    return new CpuKind(kernels, "");
  }

  @Override
  public long bytesPerBlock(Architecture architecture, int blockTokens) {
    return kernels == null
        ? ScalarAttention.bytesPerBlock(architecture, blockTokens)
        : NativeAttention.bytesPerBlock(architecture, blockTokens);
  }

  @Override
  public int automaticMaxRunning() {
    return AUTOMATIC_MAX_RUNNING;
  }

  @Override
  public int automaticMaxStepTokens() {
    return AUTOMATIC_MAX_STEP_TOKENS;
  }

  /** What all sequences need, but a quarter of the machine's memory at most. */
  @Override
  public long automaticKvBytes(DecoderGraph graph, KvSizing whole, int modelCount) {
    long wanted = whole.blockCount() * bytesPerBlock(graph.architecture(), whole.blockTokens());
    return Math.min(wanted, HostMemory.physicalBytes() / 4 / modelCount);
  }

  @Override
  public void requireFits(DecoderGraph graph, KvSizing sizing) {
    ScalarBackend.requireFits(graph.architecture(), sizing);
  }

  @Override
  public Backend open(DecoderGraph graph, KvSizing sizing, int threadCount) {
    return kernels == null
        ? new ScalarBackend(graph, sizing, threadCount, whyScalar)
        : NativeBackend.open(kernels, graph, sizing, threadCount);
  }
}
