package io.fullbore.model;

import io.fullbore.core.Metadata;
import io.fullbore.core.ModelFormatException;
import java.util.Map;
import java.util.TreeSet;

/**
 * The shape of a decoder-only transformer as data. Read from a model file's metadata; the decoder
 * graph is built from it. What sets one family apart from another is a row of {@link #FAMILIES}.
 *
 * @param family the file's {@code general.architecture}
 * @param layerCount transformer blocks
 * @param dim width of the hidden state
 * @param headCount query heads
 * @param kvHeadCount key and value heads; a divisor of headCount (grouped-query attention)
 * @param headDim elements per head
 * @param ropeDim leading elements of each head that are rotated
 * @param ffnDim width of the feed-forward layer
 * @param contextTokens positions the model was made for
 * @param vocabularySize rows of the embedding
 * @param normEpsilon added to the mean square in RMSNorm
 * @param ropeBase base of the rotation frequencies
 * @param ropeScale positions are divided by it (linear scaling; 1 is none)
 * @param pairing which elements rotate together
 * @param headNorm whether queries and keys are normalised per head before the rotation
 */
public record Architecture(
    String family,
    int layerCount,
    int dim,
    int headCount,
    int kvHeadCount,
    int headDim,
    int ropeDim,
    int ffnDim,
    int contextTokens,
    int vocabularySize,
    float normEpsilon,
    float ropeBase,
    float ropeScale,
    RopePairing pairing,
    boolean headNorm) {

  /** What a family's files do not say themselves. Biases need no row: they are tensors or not. */
  private record Family(RopePairing pairing, boolean headNorm) {}

  private static final Map<String, Family> FAMILIES =
      Map.of(
          "llama", new Family(RopePairing.ADJACENT, false),
          "qwen2", new Family(RopePairing.HALVES, false),
          "qwen3", new Family(RopePairing.HALVES, true));

  private static final int MAX_LAYERS = 1024;
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_CONTEXT = 1 << 24;
  private static final int MAX_VOCABULARY = 1 << 22;

  public Architecture {
    require(headDim % 2 == 0, "attention.key_length", headDim, "even");
    require(
        (long) headCount * headDim <= MAX_WIDTH,
        "attention.key_length",
        headDim,
        "at most %d over all %d heads together".formatted(MAX_WIDTH, headCount));
    require(
        headCount % kvHeadCount == 0,
        "attention.head_count",
        headCount,
        "a multiple of the KV head count " + kvHeadCount);
    require(
        ropeDim % 2 == 0 && ropeDim <= headDim,
        "rope.dimension_count",
        ropeDim,
        "even and at most the head size " + headDim);
    require(normEpsilon > 0, "attention.layer_norm_rms_epsilon", normEpsilon, "positive");
    require(ropeBase > 0, "rope.freq_base", ropeBase, "positive");
    require(ropeScale > 0, "rope.scaling.factor", ropeScale, "positive");
  }

  /**
   * Reads the shape from a model file.
   *
   * @throws ModelFormatException when the family is unknown, a key is missing or out of range
   */
  public static Architecture of(Metadata metadata) {
    String name = metadata.requireString("general.architecture");
    Family family = FAMILIES.get(name);
    if (family == null) {
      throw new ModelFormatException(
          "general.architecture=%s is not supported; supported are %s"
              .formatted(name, new TreeSet<>(FAMILIES.keySet())));
    }
    String prefix = name + ".";
    int dim = metadata.requireInteger(prefix + "embedding_length", 1, MAX_WIDTH);
    int headCount = metadata.requireInteger(prefix + "attention.head_count", 1, MAX_WIDTH);
    int headDim =
        metadata.integer(
            prefix + "attention.key_length", Math.max(1, dim / headCount), 1, MAX_WIDTH);
    int valueDim = metadata.integer(prefix + "attention.value_length", headDim, 1, MAX_WIDTH);
    require(
        valueDim == headDim,
        "attention.value_length",
        valueDim,
        "equal to the key length " + headDim);
    return new Architecture(
        name,
        metadata.requireInteger(prefix + "block_count", 1, MAX_LAYERS),
        dim,
        headCount,
        metadata.integer(prefix + "attention.head_count_kv", headCount, 1, headCount),
        headDim,
        metadata.integer(prefix + "rope.dimension_count", headDim, 2, headDim),
        metadata.requireInteger(prefix + "feed_forward_length", 1, MAX_WIDTH),
        metadata.requireInteger(prefix + "context_length", 1, MAX_CONTEXT),
        vocabularySize(metadata, prefix),
        (float) metadata.number(prefix + "attention.layer_norm_rms_epsilon", 1e-5),
        (float) metadata.number(prefix + "rope.freq_base", 10_000),
        ropeScale(metadata, prefix),
        family.pairing,
        family.headNorm);
  }

  /** Width of all query heads together. */
  public int queryDim() {
    return headCount * headDim;
  }

  /** Width of all key heads together, and of all value heads. */
  public int kvDim() {
    return kvHeadCount * headDim;
  }

  private static int vocabularySize(Metadata metadata, String prefix) {
    int listed = metadata.strings("tokenizer.ggml.tokens").map(tokens -> tokens.length).orElse(0);
    return listed > 0 ? listed : metadata.requireInteger(prefix + "vocab_size", 1, MAX_VOCABULARY);
  }

  private static float ropeScale(Metadata metadata, String prefix) {
    String type = metadata.string(prefix + "rope.scaling.type").orElse("none");
    return switch (type) {
      case "none" -> 1;
      case "linear" -> (float) metadata.number(prefix + "rope.scaling.factor", 1);
      default ->
          throw new ModelFormatException(
              "key=%srope.scaling.type value=%s is not supported; supported are none and linear"
                  .formatted(prefix, type));
    };
  }

  private static void require(boolean condition, String key, Number value, String allowed) {
    if (!condition) {
      throw new ModelFormatException("key=%s value=%s must be %s".formatted(key, value, allowed));
    }
  }
}
