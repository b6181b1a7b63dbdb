package io.fullbore.graph;

import io.fullbore.model.Tensor;
import org.jspecify.annotations.Nullable;

/** One operation of a decoder graph over the rows of a step. */
public sealed interface Op {
  /** HIDDEN[t] = table[token of t]. */
  record Embed(Tensor table) implements Op {}

  /** target = source / rms(source) * weight, per row. */
  record Norm(Tensor weight, Slot source, Slot target) implements Op {}

  /** The same over each head of a row, in place. */
  record HeadNorm(Tensor weight, Slot slot, int headCount) implements Op {}

  /** target = weight * source (+ bias), per row; weight is [target width][source width]. */
  record Linear(Tensor weight, @Nullable Tensor bias, Slot source, Slot target) implements Op {}

  /** Rotates the heads of a row by the row's position, in place (RoPE, Su et al., 2021). */
  record Rotate(Slot slot, int headCount) implements Op {}

  /**
   * Writes KEY and VALUE to the layer's KV cache at the rows' positions, then ATTENDED =
   * softmax(QUERY * keys / sqrt(headDim)) * values over each row's own sequence up to its own
   * position.
   */
  record Attend(int layer) implements Op {}

  /** GATE = silu(GATE) * UP (SwiGLU, Shazeer, 2020). */
  record SwiGlu() implements Op {}

  /** HIDDEN += PROJECTED. */
  record AddResidual() implements Op {}

  /** Keeps of HIDDEN only the rows whose logits are wanted; ends the step where there are none. */
  record SelectRows() implements Op {}
}
