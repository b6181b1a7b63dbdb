package io.fullbore.backend.cuda;

import io.fullbore.graph.DecoderGraph;
import io.fullbore.graph.Op;
import io.fullbore.model.WeightFormat;

/**
 * The 16-bit floats in which a model's matrices are multiplied, and in which its KV cache lies
 * unless that has 8 bits: bfloat16 where the weights are that, else half precision, which holds
 * quantised weights more exactly.
 */
enum OperandKind {
  F16("f16"),
  BF16("bf16");

  static final int BYTES = 2;

  private final String kernelSuffix;

  OperandKind(String kernelSuffix) {
    this.kernelSuffix = kernelSuffix;
  }

  /** BF16 where some matrix is, and none is quantised. */
  static OperandKind of(DecoderGraph graph) {
    boolean brain = false;
    for (Op op : graph.ops()) {
      if (op instanceof Op.Linear linear) {
        WeightFormat format = linear.weight().format();
        if (format.isQuantized()) {
          return F16;
        }
        brain |= format == WeightFormat.BF16;
      }
    }
    return brain ? BF16 : F16;
  }

  /** In the names of kernels. */
  String kernelSuffix() {
    return kernelSuffix;
  }
}
