package io.fullbore.model;

import io.fullbore.core.ModelFormatException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a decoder, found by role and checked against the architecture. A view of the
 * memory-mapped file: valid as long as the file is open.
 *
 * @param embedding [vocabularySize][dim]
 * @param layers one per transformer block
 * @param outputNorm [dim]
 * @param output [vocabularySize][dim]; the embedding itself where the file ties them
 * @param ropeFactors divisors of the rotation frequencies, one per pair (Llama 3.x), or empty
 */
public record Weights(
    Tensor embedding,
    List<Layer> layers,
    Tensor outputNorm,
    Tensor output,
    Optional<float[]> ropeFactors) {

  /**
   * One transformer block. Matrices are [outputs][inputs]; biases and head norms are null where the
   * file has none.
   */
  public record Layer(
      Tensor attentionNorm,
      Tensor query,
      @Nullable Tensor queryBias,
      Tensor key,
      @Nullable Tensor keyBias,
      Tensor value,
      @Nullable Tensor valueBias,
      @Nullable Tensor queryNorm,
      @Nullable Tensor keyNorm,
      Tensor attentionOutput,
      @Nullable Tensor attentionOutputBias,
      Tensor ffnNorm,
      Tensor gate,
      Tensor up,
      Tensor down) {}

  /**
   * Finds all tensors of {@code architecture} in {@code file}.
   *
   * @throws ModelFormatException naming the tensor that is missing or has another shape
   */
  public static Weights of(GgufFile file, Architecture architecture) {
    Finder finder = new Finder(file);
    int dim = architecture.dim();
    int vocabularySize = architecture.vocabularySize();
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < architecture.layerCount(); i++) {
      layers.add(layer(finder, architecture, "blk." + i + "."));
    }
    Tensor embedding = finder.require("token_embd.weight", vocabularySize, dim);
    Tensor output = finder.find("output.weight", vocabularySize, dim);
    Tensor factors = finder.find("rope_freqs.weight", 1, architecture.ropeDim() / 2);
    finder.requireAllUsed();
    return new Weights(
        embedding,
        List.copyOf(layers),
        finder.require("output_norm.weight", 1, dim),
        output == null ? embedding : output,
        Optional.ofNullable(factors).map(Weights::floats));
  }

  private static Layer layer(Finder finder, Architecture architecture, String prefix) {
    int dim = architecture.dim();
    int queryDim = architecture.queryDim();
    int kvDim = architecture.kvDim();
    int headDim = architecture.headDim();
    int ffnDim = architecture.ffnDim();
    boolean headNorm = architecture.headNorm();
    return new Layer(
        finder.require(prefix + "attn_norm.weight", 1, dim),
        finder.require(prefix + "attn_q.weight", queryDim, dim),
        finder.find(prefix + "attn_q.bias", 1, queryDim),
        finder.require(prefix + "attn_k.weight", kvDim, dim),
        finder.find(prefix + "attn_k.bias", 1, kvDim),
        finder.require(prefix + "attn_v.weight", kvDim, dim),
        finder.find(prefix + "attn_v.bias", 1, kvDim),
        headNorm ? finder.require(prefix + "attn_q_norm.weight", 1, headDim) : null,
        headNorm ? finder.require(prefix + "attn_k_norm.weight", 1, headDim) : null,
        finder.require(prefix + "attn_output.weight", dim, queryDim),
        finder.find(prefix + "attn_output.bias", 1, dim),
        finder.require(prefix + "ffn_norm.weight", 1, dim),
        finder.require(prefix + "ffn_gate.weight", ffnDim, dim),
        finder.require(prefix + "ffn_up.weight", ffnDim, dim),
        finder.require(prefix + "ffn_down.weight", dim, ffnDim));
  }

  /** The elements of a small tensor as floats. */
  public static float[] floats(Tensor tensor) {
    float[] elements = new float[tensor.rows() * tensor.columns()];
    tensor.format().decoder().decode(tensor.data(), 0, elements, 0, elements.length);
    return elements;
  }

  /** Bytes of all distinct tensors: what one decode step has to read at least. */
  public long sizeBytes() {
    long bytes = output.data().byteSize() + outputNorm.data().byteSize();
    for (Layer layer : layers) {
      for (Tensor tensor :
          List.of(
              layer.query,
              layer.key,
              layer.value,
              layer.attentionOutput,
              layer.gate,
              layer.up,
              layer.down)) {
        bytes += tensor.data().byteSize();
      }
    }
    return bytes;
  }

  private static final class Finder {
    private final GgufFile file;
    private final Set<String> used = new HashSet<>();

    Finder(GgufFile file) {
      this.file = file;
    }

    /** A layer's tensor that no operation reads would mean another model than this graph. */
    void requireAllUsed() {
      for (TensorInfo tensor : file.tensors()) {
        if (tensor.name().startsWith("blk.") && !used.contains(tensor.name())) {
          throw new ModelFormatException(
              "tensor=%s is not known to this architecture; answers without it would be wrong"
                  .formatted(tensor.name()));
        }
      }
    }

    @Nullable Tensor find(String name, int rows, int columns) {
      used.add(name);
      Tensor tensor = file.tensor(name).orElse(null);
      if (tensor != null && (tensor.rows() != rows || tensor.columns() != columns)) {
        throw new ModelFormatException(
            "tensor=%s has shape [%d][%d] where the architecture needs [%d][%d]"
                .formatted(name, tensor.rows(), tensor.columns(), rows, columns));
      }
      return tensor;
    }

    Tensor require(String name, int rows, int columns) {
      Tensor tensor = find(name, rows, columns);
      if (tensor == null) {
        throw new ModelFormatException(
            "tensor=%s is missing: the file is no complete model".formatted(name));
      }
      return tensor;
    }
  }
}
