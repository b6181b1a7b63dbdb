package io.fullbore.app;

import io.fullbore.backend.BackendException;
import io.fullbore.backend.BackendKind;
import io.fullbore.backend.KvSizing;
import io.fullbore.backend.cpu.CpuKind;
import io.fullbore.backend.cuda.CudaKind;
import io.fullbore.config.ServerConfig;
import io.fullbore.config.ServerConfig.BackendChoice;
import io.fullbore.config.ServerConfig.KvCacheType;
import io.fullbore.graph.DecoderGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a model runs, and with which sizes: on GPUs where the settings allow it and there are some
 * that hold the model, else on the processor. Why it is not a GPU is said in one line.
 *
 * @param replicas one per engine, at least one
 */
record Placement(List<Replica> replicas) {
  private static final Logger LOG = LoggerFactory.getLogger(Placement.class);

  /** One engine's place. */
  record Replica(BackendKind kind, KvSizing sizing) {}

  /** Says which sizes a model needs on a kind of backend. */
  @FunctionalInterface
  interface Sizer {
    /**
     * @param sharers engines of this model that share the kind's memory
     */
    KvSizing sizing(BackendKind kind, int sharers) throws UsageException;
  }

  Placement {
    replicas = List.copyOf(replicas);
  }

  /** Positions of a sequence at most, on whichever engine. */
  int maxPositions() {
    return replicas.stream().mapToInt(replica -> replica.sizing.maxPositions()).min().orElseThrow();
  }

  /**
   * For a server.
   *
   * @param contextTokens tokens per sequence at most, 0 for the model's own limit
   * @param modelCount models that share the machine's memory
   * @throws UsageException when the settings ask for what this machine has not
   */
  static Placement of(
      LoadedModel model, ServerConfig.Engine settings, int contextTokens, int modelCount)
      throws UsageException {
    Sizer sizer =
        (kind, sharers) -> serving(model, kind, settings, contextTokens, modelCount * sharers);
    return of(model, settings, sizer);
  }

  /** One engine, with sizes of the caller's. */
  static Replica single(
      LoadedModel model, ServerConfig.Engine settings, Function<BackendKind, KvSizing> sizer)
      throws UsageException {
    return of(model, settings, (kind, sharers) -> sizer.apply(kind)).replicas.getFirst();
  }

  private static Placement of(LoadedModel model, ServerConfig.Engine settings, Sizer sizer)
      throws UsageException {
    if (settings.backend() != BackendChoice.CPU) {
      CudaKind.Search search =
          CudaKind.find(settings, model.graph(), LoadingBar.of(model.name(), model.weights()));
      boolean required = settings.backend() == BackendChoice.CUDA;
      switch (search) {
        case CudaKind.Search.Missing(String reason) -> refuse(required, model, reason);
        case CudaKind.Search.Found(List<CudaKind> kinds) -> {
          try {
            return placed(model, kinds, settings.replicas(), sizer);
          } catch (BackendException e) {
            refuse(required, model, e.getMessage());
          }
        }
      }
    }
    if (settings.kvCacheType() == KvCacheType.F8) {
      throw new UsageException(
          "engine.kvCacheType=f8: a KV cache in 8 bits needs a GPU; leave it on auto");
    }
    try {
      List<CpuKind> processor = List.of(CpuKind.of(settings.kernels(), model.graph()));
      return placed(model, processor, settings.replicas(), sizer);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  /** Spreads the engines over the kinds, one each where their number is left open. */
  private static Placement placed(
      LoadedModel model, List<? extends BackendKind> kinds, int replicaCount, Sizer sizer)
      throws UsageException {
    int count = replicaCount == 0 ? kinds.size() : replicaCount;
    int sharers = Math.ceilDiv(count, kinds.size());
    List<Replica> replicas = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      BackendKind kind = kinds.get(i % kinds.size());
      KvSizing sizing = sizer.sizing(kind, sharers);
      kind.requireFits(model.graph(), sizing);
      replicas.add(new Replica(kind, sizing));
    }
    return new Placement(replicas);
  }

  private static void refuse(boolean required, LoadedModel model, String reason)
      throws UsageException {
    if (required) {
      throw new UsageException("engine.backend=cuda: " + reason);
    }
    LOG.info("model={} does not run on a GPU: {}", model.name(), reason);
  }

  /** Rows of a step at most. */
  static int stepTokens(BackendKind kind, ServerConfig.Engine settings) {
    return settings.maxStepTokens() == 0 ? kind.automaticMaxStepTokens() : settings.maxStepTokens();
  }

  private static KvSizing serving(
      LoadedModel model,
      BackendKind kind,
      ServerConfig.Engine settings,
      int contextTokens,
      int modelCount)
      throws UsageException {
    DecoderGraph graph = model.graph();
    int blockTokens = settings.blockTokens();
    long bytesPerBlock = kind.bytesPerBlock(graph.architecture(), blockTokens);
    if (settings.kvCacheBytes() > 0 && settings.kvCacheBytes() < bytesPerBlock) {
      throw new UsageException(
          "engine.kvCacheBytes=%d holds no block of model %s: one takes %d bytes"
              .formatted(settings.kvCacheBytes(), model.name(), bytesPerBlock));
    }
    int limit = graph.architecture().contextTokens();
    int positions = contextTokens == 0 ? limit : Math.min(contextTokens, limit);
    int mostBlocks = Integer.MAX_VALUE / blockTokens;
    int maxRunning =
        settings.maxRunning() == 0 ? kind.automaticMaxRunning() : settings.maxRunning();
    long wholeBlocks = (long) maxRunning * Math.ceilDiv(positions, blockTokens);
    KvSizing whole =
        new KvSizing(
            (int) Math.min(wholeBlocks, mostBlocks),
            blockTokens,
            positions,
            Math.max(stepTokens(kind, settings), maxRunning),
            maxRunning);
    long bytes =
        settings.kvCacheBytes() > 0
            ? settings.kvCacheBytes()
            : kind.automaticKvBytes(graph, whole, modelCount);
    if (bytes < bytesPerBlock) {
      throw new UsageException(
          "there is no memory for the KV cache of model %s: one block takes %d bytes, %d are left"
              .formatted(model.name(), bytesPerBlock, bytes));
    }
    return whole.withBlockCount((int) Math.min(bytes / bytesPerBlock, mostBlocks));
  }
}
