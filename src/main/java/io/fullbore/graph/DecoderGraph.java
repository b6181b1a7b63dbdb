package io.fullbore.graph;

import io.fullbore.model.Architecture;
import io.fullbore.model.Tensor;
import io.fullbore.model.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A decoder-only transformer as a flat list of operations, built once from the architecture and its
 * weights and interpreted by a backend for every step. There is one graph for all model families; a
 * tensor that a family lacks leaves its operation out.
 *
 * @param ropeFactors divisors of the rotation frequencies, one per pair, or empty
 * @param ops in order of execution
 */
public record DecoderGraph(Architecture architecture, Optional<float[]> ropeFactors, List<Op> ops) {

  public static DecoderGraph of(Architecture architecture, Weights weights) {
    List<Op> ops = new ArrayList<>();
    ops.add(new Op.Embed(weights.embedding()));
    for (int i = 0; i < architecture.layerCount(); i++) {
      addAttention(ops, architecture, weights.layers().get(i), i);
      addFeedForward(ops, weights.layers().get(i));
    }
    ops.add(new Op.SelectRows());
    ops.add(new Op.Norm(weights.outputNorm(), Slot.HIDDEN, Slot.NORMED));
    ops.add(new Op.Linear(weights.output(), null, Slot.NORMED, Slot.LOGITS));
    return new DecoderGraph(architecture, weights.ropeFactors(), List.copyOf(ops));
  }

  private static void addAttention(
      List<Op> ops, Architecture architecture, Weights.Layer layer, int index) {
    int headCount = architecture.headCount();
    int kvHeadCount = architecture.kvHeadCount();
    ops.add(new Op.Norm(layer.attentionNorm(), Slot.HIDDEN, Slot.NORMED));
    ops.add(new Op.Linear(layer.query(), layer.queryBias(), Slot.NORMED, Slot.QUERY));
    ops.add(new Op.Linear(layer.key(), layer.keyBias(), Slot.NORMED, Slot.KEY));
    ops.add(new Op.Linear(layer.value(), layer.valueBias(), Slot.NORMED, Slot.VALUE));
    addHeadNorm(ops, layer.queryNorm(), Slot.QUERY, headCount);
    addHeadNorm(ops, layer.keyNorm(), Slot.KEY, kvHeadCount);
    ops.add(new Op.Rotate(Slot.QUERY, headCount));
    ops.add(new Op.Rotate(Slot.KEY, kvHeadCount));
    ops.add(new Op.Attend(index));
    ops.add(
        new Op.Linear(
            layer.attentionOutput(), layer.attentionOutputBias(), Slot.ATTENDED, Slot.PROJECTED));
    ops.add(new Op.AddResidual());
  }

  private static void addHeadNorm(List<Op> ops, @Nullable Tensor weight, Slot slot, int headCount) {
    if (weight != null) {
      ops.add(new Op.HeadNorm(weight, slot, headCount));
    }
  }

  private static void addFeedForward(List<Op> ops, Weights.Layer layer) {
    ops.add(new Op.Norm(layer.ffnNorm(), Slot.HIDDEN, Slot.NORMED));
    ops.add(new Op.Linear(layer.gate(), null, Slot.NORMED, Slot.GATE));
    ops.add(new Op.Linear(layer.up(), null, Slot.NORMED, Slot.UP));
    ops.add(new Op.SwiGlu());
    ops.add(new Op.Linear(layer.down(), null, Slot.GATE, Slot.PROJECTED));
    ops.add(new Op.AddResidual());
  }
}
