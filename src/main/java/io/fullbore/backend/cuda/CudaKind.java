package io.fullbore.backend.cuda;

import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendException;
import io.fullbore.backend.BackendKind;
import io.fullbore.backend.HostMemory;
import io.fullbore.backend.KvSizing;
import io.fullbore.config.ServerConfig;
import io.fullbore.config.ServerConfig.KvCacheType;
import io.fullbore.core.ModelFormatException;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.model.Architecture;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * How a model runs on an NVIDIA GPU: with the kernels in the jar, through the driver that is
 * installed.
 */
public final class CudaKind implements BackendKind {
  /** Device memory that an automatic KV cache leaves for graphs, the driver and others. */
  static final long RESERVE_BYTES = 768L << 20;

  /** Steps of decodes up to so many sequences are replayed as graphs. */
  private static final int AUTOMATIC_MAX_RUNNING = StepShape.MAX_GRAPH_ROWS;

  /** Products of so many rows are bound by the matrix units. */
  private static final int AUTOMATIC_MAX_STEP_TOKENS = 2048;

  private static final long MAX_AUTOMATIC_HOST_BYTES = 4L << 30;
  private static final int MIN_MAJOR = 8;

  /** What came of the search for a GPU. */
  public sealed interface Search {
    /**
     * @param kinds one per GPU, that with the most free memory first
     */
    record Found(List<CudaKind> kinds) implements Search {
      public Found {
        kinds = List.copyOf(kinds);
      }
    }

    /**
     * @param reason why the model cannot run on a GPU here, for people
     */
    record Missing(String reason) implements Search {}
  }

  private final CudaDriver driver;
  private final CudaDevice device;
  private final long freeBytes; // of the device, when it was found
  private final byte[] image;
  private final ServerConfig.Engine settings;
  private final LongConsumer progress;

  private CudaKind(
      CudaDriver driver,
      CudaDevice device,
      long freeBytes,
      byte[] image,
      ServerConfig.Engine settings,
      LongConsumer progress) {
    this.driver = driver;
    this.device = device;
    this.freeBytes = freeBytes;
    this.image = image;
    this.settings = settings;
    this.progress = progress;
  }

  /**
   * Looks whether a model runs on a GPU of this machine.
   *
   * @param progress gets how many bytes of weights were loaded since the last call
   */
  public static Search find(
      ServerConfig.Engine settings, DecoderGraph graph, LongConsumer progress) {
    Optional<byte[]> image = KernelImage.inJar();
    if (image.isEmpty()) {
      return new Search.Missing("this jar was built without CUDA kernels (no nvcc)");
    }
    return switch (CudaDriver.find()) {
      case CudaDriver.Search.Missing(String reason) -> new Search.Missing(reason);
      case CudaDriver.Search.Found(CudaDriver driver) ->
          find(driver, image.get(), settings, graph, progress);
    };
  }

  /** The same with a driver and kernels that are there. */
  static Search find(
      CudaDriver driver,
      byte[] image,
      ServerConfig.Engine settings,
      DecoderGraph graph,
      LongConsumer progress) {
    try {
      FusedGraph.of(graph);
      HeadStride.of(graph.architecture().headDim());
    } catch (IllegalArgumentException | ModelFormatException e) {
      return new Search.Missing(e.getMessage());
    }
    Map<CudaDevice, Long> freeBytes = new HashMap<>();
    for (CudaDevice device : driver.devices()) {
      if (device.major() >= MIN_MAJOR) {
        freeBytes.put(device, freeBytes(driver, device));
      }
    }
    if (freeBytes.isEmpty()) {
      CudaDevice first = driver.devices().getFirst();
      return new Search.Missing(
          "%s has compute capability %d.%d, %d.0 is needed"
              .formatted(first.name(), first.major(), first.minor(), MIN_MAJOR));
    }
    Comparator<CudaDevice> mostFirst = Comparator.comparingLong(device -> -freeBytes.get(device));
    return new Search.Found(
        freeBytes.keySet().stream()
            .sorted(mostFirst.thenComparingInt(CudaDevice::ordinal))
            .map(
                device ->
                    new CudaKind(driver, device, freeBytes.get(device), image, settings, progress))
            .toList());
  }

  private static long freeBytes(CudaDriver driver, CudaDevice device) {
    try (CudaContext context = CudaContext.open(driver, device)) {
      return context.memory().freeBytes();
    } catch (CudaException e) {
      return 0; // another one is taken, or opening this one says what is wrong
    }
  }

  @Override
  public long bytesPerBlock(Architecture architecture, int blockTokens) {
    return KvMemory.bytesPerBlock(architecture, blockTokens, CudaBackend.elementBytes(wideCache()));
  }

  private boolean wideCache() {
    return settings.kvCacheType() != KvCacheType.F8;
  }

  @Override
  public int automaticMaxRunning() {
    return AUTOMATIC_MAX_RUNNING;
  }

  @Override
  public int automaticMaxStepTokens() {
    return AUTOMATIC_MAX_STEP_TOKENS;
  }

  /** What is free, less the model and a reserve. */
  @Override
  public long automaticKvBytes(DecoderGraph graph, KvSizing whole, int modelCount) {
    long needed = CudaBackend.bytes(FusedGraph.of(graph), whole, device) + RESERVE_BYTES;
    long free = Math.min(freeBytes, device.totalBytes() / modelCount);
    long block = bytesPerBlock(graph.architecture(), whole.blockTokens());
    if (free < needed + block) {
      throw new BackendException(
          "not enough VRAM on %s: needs %.1f GiB beside the KV cache, has %.1f GiB"
              .formatted(device.name(), gib(needed), gib(free)),
          null);
    }
    return free - needed;
  }

  private static double gib(long bytes) {
    return bytes / (double) (1L << 30);
  }

  @Override
  public void requireFits(DecoderGraph graph, KvSizing sizing) {
    Architecture architecture = graph.architecture();
    long rotations = (long) sizing.maxPositions() * architecture.ropeDim() / 2;
    if (rotations > Integer.MAX_VALUE - 8) {
      throw new ModelFormatException(
          "models[].contextTokens=%d is too large for this model: a table would have %d elements; lower it"
              .formatted(sizing.maxPositions(), rotations));
    }
    if (neededBytes(graph, sizing) > freeBytes) {
      throw new BackendException(shortage(graph, sizing, freeBytes), null);
    }
  }

  @Override
  public Backend open(DecoderGraph graph, KvSizing sizing, int threadCount) {
    long blockBytes = bytesPerBlock(graph.architecture(), sizing.blockTokens());
    var options = new CudaBackend.Options(wideCache(), hostBlocks(sizing, blockBytes), progress);
    CudaBackend backend;
    try {
      backend = CudaBackend.open(driver, device, image, graph, sizing, options);
    } catch (CudaException e) {
      throw new BackendException(explained(e, graph, sizing), e);
    }
    try {
      ConsistencyCheck.run(backend);
      return backend;
    } catch (BackendException e) {
      backend.close();
      throw e.getCause() instanceof CudaException failure
          ? new BackendException(explained(failure, graph, sizing), e)
          : e;
    }
  }

  private String explained(CudaException e, DecoderGraph graph, KvSizing sizing) {
    if (e.isOutOfMemory()) {
      return shortage(graph, sizing, freeBytes(driver, device));
    }
    if (e.call().equals("cuModuleLoadData")) {
      return "driver too old: that of %s, for CUDA %s, cannot load the kernels in this jar (%s)"
          .formatted(device.name(), driver.versionText(), e.getMessage());
    }
    return "%s cannot be used: %s".formatted(device.name(), e.getMessage());
  }

  private long kvBytes(DecoderGraph graph, KvSizing sizing) {
    return sizing.blockCount() * bytesPerBlock(graph.architecture(), sizing.blockTokens());
  }

  private long neededBytes(DecoderGraph graph, KvSizing sizing) {
    return CudaBackend.bytes(FusedGraph.of(graph), sizing, device) + kvBytes(graph, sizing);
  }

  private String shortage(DecoderGraph graph, KvSizing sizing, long free) {
    return "not enough VRAM on %s: needs %.1f GiB, of which the KV cache is %.1f, has %.1f GiB; lower engine.kvCacheBytes or engine.maxStepTokens"
        .formatted(
            device.name(), gib(neededBytes(graph, sizing)), gib(kvBytes(graph, sizing)), gib(free));
  }

  /**
   * As many as the settings say; else up to the pool's own size, an eighth of the memory, and what
   * is pinned within a second or two.
   */
  private int hostBlocks(KvSizing sizing, long blockBytes) {
    long bytes =
        settings.kvHostBytes() > 0
            ? settings.kvHostBytes()
            : Math.min(
                Math.min(sizing.blockCount() * blockBytes, MAX_AUTOMATIC_HOST_BYTES),
                HostMemory.physicalBytes() / 8);
    return settings.prefixCache()
        ? (int) Math.min(bytes / blockBytes, Integer.MAX_VALUE / sizing.blockTokens())
        : 0;
  }
}
