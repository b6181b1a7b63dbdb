package io.fullbore.backend.cuda;

import io.fullbore.model.Architecture;
import io.fullbore.model.RopePairing;
import io.fullbore.model.Tensor;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A layer's attention: rotates queries and keys and stores keys and values, then attends for single
 * rows in splits, for runs of rows in tiles, and combines splits ({@code native/cuda/attend.cu}).
 */
final class AttentionStage implements Stage {
  private static final int THREADS = 128;
  private static final int COMBINE_THREADS = 64;
  private static final int HEADS_PER_ROTATION_BLOCK = 4;

  private final int headCount;
  private final int kvHeadCount;
  private final Launch rotate;
  private final Launch decode;
  private final Launch combine;
  private final Launch prefill;

  /** What all layers have in common. */
  record Parts(
      CudaModule module,
      WeightMemory weights,
      Buffers buffers,
      FusedGraph graph,
      StepMemory step,
      KvMemory kv,
      boolean wideCache,
      long cosines,
      long sines) {}

  AttentionStage(Parts parts, FusedOp.Attention attention) {
    Architecture architecture = parts.graph.architecture();
    headCount = architecture.headCount();
    kvHeadCount = architecture.kvHeadCount();
    int headDim = architecture.headDim();
    int stride = HeadStride.of(headDim);
    int columns = parts.graph.operandColumns(FusedOp.Source.ATTENDED);
    float scale = (float) (1 / Math.sqrt(headDim));
    String kind = parts.graph.kind().kernelSuffix();
    String suffix = kind + (parts.wideCache ? "_kv16_" : "_kv8_") + stride;
    MemorySegment view = parts.step.view();
    MemorySegment kv = parts.kv.view(attention.layer());
    Buffers buffers = parts.buffers;
    rotate =
        parts
            .module
            .kernel("rope_kv_" + suffix)
            .prepare()
            .struct(view)
            .struct(kv)
            .address(buffers.qkv)
            .int32(architecture.queryDim() + 2 * architecture.kvDim())
            .address(buffers.query)
            .address(addressOf(parts.weights, attention.queryNorm()))
            .address(addressOf(parts.weights, attention.keyNorm()))
            .float32(architecture.normEpsilon())
            .address(parts.cosines)
            .address(parts.sines)
            .int32(architecture.ropeDim() / 2)
            .int32(architecture.pairing() == RopePairing.ADJACENT ? 1 : 0)
            .int32(headDim)
            .int32(headCount)
            .block(THREADS)
            .build();
    decode =
        attend(parts.module, "attend_decode_" + suffix, decodeBytes(stride, parts.wideCache))
            .struct(view)
            .struct(kv)
            .address(parts.step.decodeItems())
            .address(buffers.query)
            .address(buffers.attended)
            .address(buffers.attentionPartials)
            .address(buffers.attentionStates)
            .float32(scale)
            .int32(headDim)
            .int32(headCount)
            .int32(columns)
            .build();
    combine =
        parts
            .module
            .kernel("attend_combine_%s_%d".formatted(kind, stride))
            .prepare()
            .struct(view)
            .address(parts.step.splits())
            .address(buffers.attentionPartials)
            .address(buffers.attentionStates)
            .address(buffers.attended)
            .int32(headDim)
            .int32(headCount)
            .int32(columns)
            .block(COMBINE_THREADS)
            .build();
    prefill =
        attend(parts.module, "attend_prefill_" + suffix, prefillBytes(stride, parts.wideCache))
            .struct(view)
            .struct(kv)
            .address(parts.step.prefillItems())
            .address(buffers.query)
            .address(buffers.attended)
            .float32(scale)
            .int32(headDim)
            .int32(headCount)
            .int32(columns)
            .build();
  }

  private static Launch.Builder attend(CudaModule module, String name, int sharedBytes) {
    return module
        .kernel(name)
        .allowSharedBytes(sharedBytes)
        .prepare()
        .block(THREADS)
        .sharedBytes(sharedBytes);
  }

  private static long addressOf(WeightMemory weights, @Nullable Tensor norm) {
    return norm == null ? 0 : weights.address(norm);
  }

  /** Shared memory as the kernels' source lists it. */
  private static int decodeBytes(int stride, boolean wide) {
    return switch (stride) {
      case 64 -> wide ? 39_680 : 23_296;
      case 96 -> wide ? 57_088 : 32_512;
      case 128 -> wide ? 74_496 : 41_728;
      default -> wide ? 76_544 : 78_592;
    };
  }

  private static int prefillBytes(int stride, boolean wide) {
    return switch (stride) {
      case 64 -> wide ? 27_648 : 19_456;
      case 96 -> wide ? 39_936 : 27_648;
      case 128 -> wide ? 52_224 : 35_840;
      default -> wide ? 101_376 : 68_608;
    };
  }

  @Override
  public void launch(StepShape shape, CudaStream stream) {
    int heads = headCount + 2 * kvHeadCount;
    rotate.grid(shape.rows(), Math.ceilDiv(heads, HEADS_PER_ROTATION_BLOCK), 1).launch(stream);
    if (shape.decodeItems() > 0) {
      decode.grid(shape.decodeItems(), kvHeadCount, 1).launch(stream);
      combine.grid(shape.rows(), headCount, 1).launch(stream);
    }
    if (shape.prefillItems() > 0) {
      prefill.grid(shape.prefillItems(), headCount, 1).launch(stream);
    }
  }
}
