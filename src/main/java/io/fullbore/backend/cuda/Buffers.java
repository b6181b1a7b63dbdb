package io.fullbore.backend.cuda;

import io.fullbore.backend.KvSizing;
import io.fullbore.model.Architecture;

/**
 * The device memory that a step's values pass through, one kernel to the next.
 *
 * <pre>
 *   hidden    [row][dim]              float, the residual stream
 *   qkv       [row][q | k | v]        float
 *   query     [row][head][stride]     of the operands' kind
 *   normed    operand [row][dim]
 *   attended  operand [row][head * headDim + d]
 *   gate      operand [row][ffnDim]
 *   logits    [logit row][vocabularySize]  float
 *   partials  sums of products that several blocks share, and of attention in splits
 * </pre>
 *
 * <p>Operands lie as {@code operand_index} of {@code native/cuda/kernels.cuh} says; their rows are
 * filled up to what a block of products reads, their columns to whole units of weights. They begin
 * as zeros. Part of a backend; the memory is the context's.
 */
final class Buffers {
  /** The most rows of a block of products. */
  private static final int BLOCK_ROWS = 256;

  /** The most columns of a unit of weights. */
  private static final int UNIT_COLUMNS = 256;

  /**
   * Device memory by purpose, in bytes.
   *
   * @param logitRows rows that logits are computed for in one step at most
   */
  record Sizes(
      long hidden,
      long qkv,
      long query,
      long normed,
      long attended,
      long gate,
      int logitRows,
      long logits,
      long productPartials,
      long arrivals,
      long attentionPartials,
      long attentionStates) {
    static Sizes of(Architecture architecture, KvSizing sizing, CudaDevice device) {
      long rows = sizing.maxStepTokens();
      int stride = HeadStride.of(architecture.headDim());
      int logitRows = Buffers.logitRows(sizing);
      long items = maxDecodeItems(sizing);
      return new Sizes(
          rows * architecture.dim() * Float.BYTES,
          rows * (architecture.queryDim() + 2L * architecture.kvDim()) * Float.BYTES,
          rows * architecture.headCount() * stride * OperandKind.BYTES,
          operandBytes(rows, architecture.dim()),
          operandBytes(rows, architecture.queryDim()),
          operandBytes(rows, architecture.ffnDim()),
          logitRows,
          (long) logitRows * architecture.vocabularySize() * Float.BYTES,
          ProductStage.partialBytes(device),
          ProductStage.arrivalBytes(device),
          items * architecture.headCount() * stride * Float.BYTES,
          items * architecture.headCount() * 2 * Float.BYTES);
    }

    long total() {
      return hidden
          + qkv
          + query
          + normed
          + attended
          + gate
          + logits
          + productPartials
          + arrivals
          + attentionPartials
          + attentionStates;
    }
  }

  /** Prompts are scored in so many rows of a step beside those of the sequences' next tokens. */
  private static final int SCORED_ROWS = 64;

  private static final int MIN_DECODE_ITEMS = 2048;

  final DeviceMemory hidden;
  final DeviceMemory qkv;
  final DeviceMemory query;
  final DeviceMemory normed;
  final DeviceMemory attended;
  final DeviceMemory gate;
  final DeviceMemory logits;
  final DeviceMemory productPartials;
  final DeviceMemory arrivals;
  final DeviceMemory attentionPartials;
  final DeviceMemory attentionStates;
  final int logitRows;

  Buffers(CudaContext context, CudaStream stream, Sizes sizes) {
    hidden = context.allocate(sizes.hidden());
    qkv = context.allocate(sizes.qkv());
    query = context.allocate(sizes.query());
    normed = zeroed(context, stream, sizes.normed());
    attended = zeroed(context, stream, sizes.attended());
    gate = zeroed(context, stream, sizes.gate());
    logits = context.allocate(sizes.logits());
    productPartials = context.allocate(sizes.productPartials());
    arrivals = zeroed(context, stream, sizes.arrivals());
    attentionPartials = context.allocate(sizes.attentionPartials());
    attentionStates = context.allocate(sizes.attentionStates());
    logitRows = sizes.logitRows();
  }

  private static DeviceMemory zeroed(CudaContext context, CudaStream stream, long bytes) {
    DeviceMemory memory = context.allocate(bytes);
    stream.fill(memory, 0, bytes, (byte) 0);
    return memory;
  }

  private static long operandBytes(long rows, int columns) {
    return up(rows, BLOCK_ROWS) * up(columns, UNIT_COLUMNS) * OperandKind.BYTES;
  }

  private static long up(long count, int multiple) {
    return Math.ceilDiv(count, (long) multiple) * multiple;
  }

  private static int logitRows(KvSizing sizing) {
    return Math.min(sizing.maxStepTokens(), sizing.maxSequences() + SCORED_ROWS);
  }

  /** Decode items that a step has room for: more than rows, so that some of them can be split. */
  static int maxDecodeItems(KvSizing sizing) {
    return Math.max(
        MIN_DECODE_ITEMS, 2 * Math.min(sizing.maxStepTokens(), 2 * sizing.maxSequences()));
  }
}
