package io.fullbore.backend.cuda;

import io.fullbore.model.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One piece of a step on the device: one kernel, or the few of an attention. */
sealed interface FusedOp {
  /** hidden = rows of the table. */
  record Embed(PackedMatrix table) implements FusedOp {}

  /**
   * The operand of the products that follow = hidden, normalised.
   *
   * @param selected of the logit rows alone
   */
  record Norm(Tensor weight, boolean selected) implements FusedOp {}

  /**
   * @param biases of the matrix's tensors, each null where it has none
   */
  record Product(PackedMatrix matrix, List<@Nullable Tensor> biases, Source source, Target target)
      implements FusedOp {}

  /** Head norms, rotation, the KV cache, and attention over it. */
  record Attention(int layer, @Nullable Tensor queryNorm, @Nullable Tensor keyNorm)
      implements FusedOp {}

  /** Which operand a product reads. */
  enum Source {
    NORMED,
    ATTENDED,
    GATE
  }

  /** Where a product's sums go. */
  sealed interface Target {
    /** To the rows of queries, keys and values, from this float on. */
    record Projections(int offset) implements Target {}

    /** Added to hidden. */
    record Residual() implements Target {}

    /** The gate's operand = silu(gate) * up. */
    record SwiGlu() implements Target {}

    record Logits() implements Target {}
  }
}
