package io.fullbore.backend.cuda;

import io.fullbore.backend.KvSizing;
import io.fullbore.backend.Rotation;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.model.Architecture;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A decoder graph as kernels with all their parameters: gives a step's kernels to the stream, one
 * by one, or, for steps of decodes alone, as a graph that was captured for the step's bucket and
 * costs one call.
 *
 * <p>Everything that differs from step to step lies in device memory, where {@link StepMemory} puts
 * it before; a graph therefore serves every step of its bucket. Owned by the engine thread.
 */
final class DecoderProgram {
  /** Graphs that are kept; the one used longest ago makes room. */
  private static final int MAX_GRAPHS = 96;

  private static final int EMBED_THREADS = 128;
  private static final int NORM_THREADS = 256;

  private final List<Stage> allRows = new ArrayList<>();
  private final List<Stage> logitRows = new ArrayList<>();
  private final Map<StepShape, CudaGraph> graphs = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * @param ids address of what the step before chose, by its logit rows
   */
  DecoderProgram(
      CudaContext context,
      CudaStream stream,
      CudaModule module,
      DecoderGraph decoder,
      FusedGraph graph,
      WeightMemory weights,
      Buffers buffers,
      StepMemory step,
      KvMemory kv,
      boolean wideCache,
      KvSizing sizing,
      long ids) {
    Rotation rotation =
        new Rotation(graph.architecture(), decoder.ropeFactors(), sizing.maxPositions());
    AttentionStage.Parts parts =
        new AttentionStage.Parts(
            module,
            weights,
            buffers,
            graph,
            step,
            kv,
            wideCache,
            upload(context, stream, rotation.cosines()),
            upload(context, stream, rotation.sines()));
    for (FusedOp op : graph.allRows()) {
      allRows.add(stage(context, parts, op, ids));
    }
    for (FusedOp op : graph.logitRows()) {
      logitRows.add(stage(context, parts, op, ids));
    }
  }

  private static long upload(CudaContext context, CudaStream stream, float[] elements) {
    long bytes = Math.max(1, elements.length) * (long) Float.BYTES;
    DeviceMemory memory = context.allocate(bytes);
    try (PinnedMemory pinned = context.allocatePinned(bytes)) {
      MemorySegment.copy(elements, 0, pinned.segment(), ValueLayout.JAVA_FLOAT, 0, elements.length);
      stream.upload(memory, 0, pinned.segment());
      stream.synchronize();
    }
    return memory.address();
  }

  private static Stage stage(
      CudaContext context, AttentionStage.Parts parts, FusedOp op, long ids) {
    return switch (op) {
      case FusedOp.Embed embed -> embedder(parts, embed, ids);
      case FusedOp.Norm norm -> normalizer(parts, norm);
      case FusedOp.Product product ->
          new ProductStage(
              context,
              parts.module(),
              parts.weights(),
              parts.buffers(),
              parts.graph(),
              product,
              parts.step().counts());
      case FusedOp.Attention attention -> new AttentionStage(parts, attention);
    };
  }

  private static Stage embedder(AttentionStage.Parts parts, FusedOp.Embed embed, long ids) {
    Launch launch =
        parts
            .module()
            .kernel("embed_" + embed.table().format().kernelSuffix())
            .prepare()
            .struct(parts.step().view())
            .address(parts.weights().address(embed.table()))
            .address(ids)
            .address(parts.buffers().hidden)
            .int32(parts.graph().architecture().dim())
            .block(EMBED_THREADS)
            .build();
    return (shape, stream) -> launch.grid(shape.rows(), 1, 1).launch(stream);
  }

  private static Stage normalizer(AttentionStage.Parts parts, FusedOp.Norm norm) {
    Architecture architecture = parts.graph().architecture();
    boolean selected = norm.selected();
    Launch launch =
        parts
            .module()
            .kernel("norm_" + parts.graph().kind().kernelSuffix())
            .prepare()
            .struct(parts.step().view())
            .address(parts.buffers().hidden)
            .address(parts.weights().address(norm.weight()))
            .address(parts.buffers().normed)
            .int32(architecture.dim())
            .int32(parts.graph().operandColumns(FusedOp.Source.NORMED))
            .float32(architecture.normEpsilon())
            .int32(selected ? 1 : 0)
            .block(NORM_THREADS)
            .build();
    return (shape, stream) ->
        launch.grid(selected ? shape.logitRows() : shape.rows(), 1, 1).launch(stream);
  }

  /** Computes a step's rows and the logits of those whose logits are wanted. */
  void run(StepShape shape, CudaStream stream) {
    if (!shape.fitsGraph()) {
      launch(shape, stream);
      return;
    }
    StepShape bucket = shape.bucket();
    CudaGraph graph = graphs.get(bucket);
    if (graph == null) {
      // The first time the kernels are loaded, which a capture must not wait for.
      launch(shape, stream);
      makeRoom();
      graphs.put(bucket, stream.capture(() -> launch(bucket, stream)));
      return;
    }
    graph.launch(stream);
  }

  private void makeRoom() {
    if (graphs.size() >= MAX_GRAPHS) {
      StepShape oldest = graphs.keySet().iterator().next();
      CudaGraph graph = graphs.remove(oldest);
      graph.close();
    }
  }

  private void launch(StepShape shape, CudaStream stream) {
    for (int i = 0; i < allRows.size(); i++) {
      allRows.get(i).launch(shape, stream);
    }
    if (shape.logitRows() > 0) {
      for (int i = 0; i < logitRows.size(); i++) {
        logitRows.get(i).launch(shape, stream);
      }
    }
  }
}
