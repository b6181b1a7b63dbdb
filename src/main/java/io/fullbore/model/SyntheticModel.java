package io.fullbore.model;

import io.fullbore.core.Metadata;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/**
 * A model of random weights with a vocabulary of its own, written as a GGUF file that llama.cpp
 * loads as well: for measurements without a download, and for tests.
 *
 * <p>Weights are scaled so that activations keep about unit size from layer to layer and logits
 * spread over several units. The same values give the same file, byte by byte.
 *
 * @param architecture {@code llama}, {@code qwen2} or {@code qwen3}
 * @param dim width of the residual stream
 * @param heads query heads, a multiple of {@code kvHeads}
 * @param headDim even; {@code dim / heads} unless given
 * @param ffn width of the feed-forward layers
 * @param vocabularyTokens 300 to 160,000
 * @param tiedOutput whether the embedding serves as the output matrix
 * @param ropeFactors whether to add Llama 3.1's frequency factors as {@code rope_freqs.weight}
 * @param format of the matrices; those whose columns do not fit become Q8_0 or F16
 * @param medium whether matrices that matter more are stored as Q6_K, as in files called Q4_K_M:
 *     the output, and the values' and the FFN's last one of about half of the layers
 */
public record SyntheticModel(
    String architecture,
    int dim,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int ffn,
    int vocabularyTokens,
    int contextTokens,
    double ropeTheta,
    boolean tiedOutput,
    boolean ropeFactors,
    WeightFormat format,
    boolean medium,
    long seed) {

  private static final Set<String> ARCHITECTURES = Set.of("llama", "qwen2", "qwen3");
  private static final int CHUNK_ELEMENTS = 1 << 20;

  /**
   * @throws IllegalArgumentException when the sizes do not go together, in words for a command line
   */
  public SyntheticModel {
    require(
        ARCHITECTURES.contains(architecture), "arch=%s: one of llama, qwen2, qwen3", architecture);
    require(
        dim > 0 && layers > 0 && heads > 0 && kvHeads > 0 && ffn > 0 && contextTokens > 0,
        "dim=%d layers=%d heads=%d kvHeads=%d ffn=%d context=%d: all must be positive",
        dim,
        layers,
        heads,
        kvHeads,
        ffn,
        contextTokens);
    require(heads % kvHeads == 0, "heads=%d is no multiple of kvHeads=%d", heads, kvHeads);
    require(headDim > 0 && headDim % 2 == 0, "headDim=%d must be even and positive", headDim);
    require(
        !architecture.equals("qwen2") || headDim * heads == dim,
        "headDim=%d times heads=%d must be dim=%d in qwen2",
        headDim,
        heads,
        dim);
    require(ropeTheta > 1, "ropeTheta=%s must be greater than 1", ropeTheta);
    require(!ropeFactors || architecture.equals("llama"), "ropeFactors are for arch=llama");
    require(
        vocabularyTokens >= SyntheticVocabulary.LEAST_TOKENS
            && vocabularyTokens <= SyntheticVocabulary.MOST_TOKENS,
        "vocabulary=%d is outside [%d, %d]",
        vocabularyTokens,
        SyntheticVocabulary.LEAST_TOKENS,
        SyntheticVocabulary.MOST_TOKENS);
  }

  /** A small model of that architecture; change what matters. */
  public static Builder builder(String architecture) {
    return new Builder(architecture);
  }

  /** The size of all tensors together, for a progress bar. */
  public long dataBytes() {
    return tensors().stream().mapToLong(tensor -> tensor.spec().sizeBytes()).sum();
  }

  /**
   * Writes the model, with all cores.
   *
   * @param progress told the bytes of data written so far, now and then, up to {@link #dataBytes()}
   * @throws IOException when the file cannot be written; none is left then
   */
  public void write(Path target, LongConsumer progress) throws IOException {
    List<SyntheticTensor> tensors = tensors();
    List<TensorSpec> specs = tensors.stream().map(SyntheticTensor::spec).toList();
    long writtenBytes = 0;
    try (GgufWriter writer = GgufWriter.create(target, metadata(), specs)) {
      for (SyntheticTensor tensor : tensors) {
        if (tensor.spec().name().equals("rope_freqs.weight")) {
          writer.append(llama3Factors());
          writtenBytes += tensor.spec().sizeBytes();
        } else {
          writtenBytes = append(tensor, writer, writtenBytes, progress);
        }
      }
      writer.commit();
    }
    progress.accept(writtenBytes);
  }

  private static long append(
      SyntheticTensor tensor, GgufWriter writer, long writtenBytes, LongConsumer progress)
      throws IOException {
    int chunkRows = Math.max(1, CHUNK_ELEMENTS / tensor.columns());
    int chunksAtOnce = 2 * Runtime.getRuntime().availableProcessors();
    long written = writtenBytes;
    for (long row = 0; row < tensor.rowCount(); row += (long) chunkRows * chunksAtOnce) {
      long start = row;
      long rowsLeft = tensor.rowCount() - row;
      int chunks = (int) Math.min(chunksAtOnce, (rowsLeft + chunkRows - 1) / chunkRows);
      List<MemorySegment> parts =
          IntStream.range(0, chunks)
              .parallel()
              .mapToObj(
                  i -> {
                    long first = (long) i * chunkRows;
                    return tensor.rows(start + first, (int) Math.min(chunkRows, rowsLeft - first));
                  })
              .toList();
      for (MemorySegment part : parts) {
        writer.append(part);
        written += part.byteSize();
      }
      progress.accept(written);
    }
    return written;
  }

  private Metadata metadata() {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("general.architecture", architecture);
    values.put("general.type", "model");
    values.put("general.name", "synthetic %s %dx%d".formatted(architecture, layers, dim));
    values.put("general.file_type", fileType());
    if (format.isQuantized()) {
      values.put("general.quantization_version", 2L);
    }
    values.put(architecture + ".vocab_size", (long) vocabularyTokens);
    values.put(architecture + ".context_length", (long) contextTokens);
    values.put(architecture + ".embedding_length", (long) dim);
    values.put(architecture + ".block_count", (long) layers);
    values.put(architecture + ".feed_forward_length", (long) ffn);
    values.put(architecture + ".attention.head_count", (long) heads);
    values.put(architecture + ".attention.head_count_kv", (long) kvHeads);
    if (headDim * heads != dim) {
      values.put(architecture + ".attention.key_length", (long) headDim);
      values.put(architecture + ".attention.value_length", (long) headDim);
    }
    values.put(
        architecture + ".attention.layer_norm_rms_epsilon",
        architecture.equals("llama") ? 1e-5 : 1e-6);
    values.put(architecture + ".rope.dimension_count", (long) headDim);
    values.put(architecture + ".rope.freq_base", ropeTheta);
    new SyntheticVocabulary(vocabularyTokens).putInto(values);
    return new Metadata(values);
  }

  /** {@code llama_ftype} in llama.cpp: how most matrices are stored. */
  private long fileType() {
    return switch (format) {
      case F32 -> 0;
      case F16 -> 1;
      case Q4_0 -> 2;
      case Q4_1 -> 3;
      case Q8_0 -> 7;
      case Q5_0 -> 8;
      case Q5_1 -> 9;
      case Q2_K -> 10;
      case Q3_K -> 11;
      case Q4_K -> 14;
      case Q5_K -> 16;
      case Q6_K -> 18;
      case BF16 -> 32;
    };
  }

  private List<SyntheticTensor> tensors() {
    List<SyntheticTensor> tensors = new ArrayList<>();
    int queryDim = heads * headDim;
    int kvDim = kvHeads * headDim;
    if (ropeFactors) {
      addVector(tensors, "rope_freqs.weight", headDim / 2, 1, 0);
    }
    // An embedding that is also the output favours the token just read; the less, the smaller it
    // is.
    float logitSpread = tiedOutput ? 2 : 3;
    addMatrix(
        tensors,
        "token_embd.weight",
        vocabularyTokens,
        dim,
        tiedOutput ? logitSpread : (float) Math.sqrt(dim));
    for (int layer = 0; layer < layers; layer++) {
      String block = "blk." + layer + ".";
      addVector(tensors, block + "attn_norm.weight", dim, 1, 0.1f);
      addMatrix(tensors, block + "attn_q.weight", queryDim, dim, 1.5f);
      addMatrix(tensors, block + "attn_k.weight", kvDim, dim, 1.5f);
      addMatrix(tensors, block + "attn_v.weight", kvDim, dim, 1, mattersMore(layer));
      if (architecture.equals("qwen2")) {
        addVector(tensors, block + "attn_q.bias", queryDim, 0, 0.2f);
        addVector(tensors, block + "attn_k.bias", kvDim, 0, 0.2f);
        addVector(tensors, block + "attn_v.bias", kvDim, 0, 0.2f);
      }
      if (architecture.equals("qwen3")) {
        addVector(tensors, block + "attn_q_norm.weight", headDim, 1, 0.1f);
        addVector(tensors, block + "attn_k_norm.weight", headDim, 1, 0.1f);
      }
      addMatrix(tensors, block + "attn_output.weight", dim, queryDim, 1);
      addVector(tensors, block + "ffn_norm.weight", dim, 1, 0.1f);
      addMatrix(tensors, block + "ffn_gate.weight", ffn, dim, 1);
      addMatrix(tensors, block + "ffn_up.weight", ffn, dim, 1);
      addMatrix(tensors, block + "ffn_down.weight", dim, ffn, 1, mattersMore(layer));
    }
    addVector(tensors, "output_norm.weight", dim, 1, 0.1f);
    if (!tiedOutput) {
      addMatrix(tensors, "output.weight", vocabularyTokens, dim, logitSpread, medium);
    }
    return tensors;
  }

  private void addVector(
      List<SyntheticTensor> tensors, String name, int columns, float mean, float deviation) {
    TensorSpec spec = TensorSpec.vector(name, WeightFormat.F32, columns);
    tensors.add(new SyntheticTensor(spec, mean, deviation, tensorSeed(tensors)));
  }

  /**
   * @param gain the size of the outputs for inputs of unit size
   */
  private void addMatrix(
      List<SyntheticTensor> tensors, String name, int rows, int columns, float gain) {
    addMatrix(tensors, name, rows, columns, gain, false);
  }

  private void addMatrix(
      List<SyntheticTensor> tensors,
      String name,
      int rows,
      int columns,
      float gain,
      boolean mattersMore) {
    WeightFormat own =
        mattersMore && WeightFormat.Q6_K.fits(columns) ? WeightFormat.Q6_K : formatFor(columns);
    TensorSpec spec = TensorSpec.matrix(name, own, rows, columns);
    float deviation = gain / (float) Math.sqrt(columns);
    tensors.add(new SyntheticTensor(spec, 0, deviation, tensorSeed(tensors)));
  }

  private long tensorSeed(List<SyntheticTensor> before) {
    return SyntheticTensor.mix(seed * 31 + before.size());
  }

  /** The first and the last eighth of the layers, and every third between. */
  private boolean mattersMore(int layer) {
    int eighth = layers / 8;
    boolean outer = layer < eighth || layer >= 7 * layers / 8;
    return medium && (outer || (layer - eighth) % 3 == 2);
  }

  private WeightFormat formatFor(int columns) {
    if (format.fits(columns)) {
      return format;
    }
    return WeightFormat.Q8_0.fits(columns) ? WeightFormat.Q8_0 : WeightFormat.F16;
  }

  /**
   * What the rotation frequencies are divided by: 8 where a turn takes over 8192 tokens, nothing
   * where it takes under 2048, and a smooth passage between, as in Llama 3.1.
   */
  private MemorySegment llama3Factors() {
    float[] factors = new float[headDim / 2];
    for (int i = 0; i < factors.length; i++) {
      double turnTokens = 2 * Math.PI * Math.pow(ropeTheta, 2.0 * i / headDim);
      double smooth = Math.clamp((8192 / turnTokens - 1) / (4 - 1), 0, 1);
      factors[i] = (float) (1 / ((1 - smooth) / 8 + smooth));
    }
    MemorySegment bytes = MemorySegment.ofArray(new byte[factors.length * Float.BYTES]);
    FloatRows.encodeF32(factors, 0, bytes, 0, factors.length);
    return bytes;
  }

  private static void require(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new IllegalArgumentException(message.formatted(values));
    }
  }

  /** Collects the values; each has a default that gives a model of about a megabyte. */
  public static final class Builder {
    private final String architecture;
    private int dim = 256;
    private int layers = 2;
    private int heads = 4;
    private int kvHeads = 2;
    private int headDim;
    private int ffn = 512;
    private int vocabularyTokens = 512;
    private int contextTokens = 2048;
    private double ropeTheta = 10_000;
    private boolean tiedOutput;
    private boolean ropeFactors;
    private WeightFormat format = WeightFormat.F32;
    private boolean medium;
    private long seed = 1;

    private Builder(String architecture) {
      this.architecture = architecture;
    }

    public Builder dim(int value) {
      dim = value;
      return this;
    }

    public Builder layers(int value) {
      layers = value;
      return this;
    }

    /** Query heads, and key-value heads, which several query heads may share. */
    public Builder heads(int queryHeads, int keyValueHeads) {
      heads = queryHeads;
      kvHeads = keyValueHeads;
      return this;
    }

    /** 0 stands for {@code dim / heads}. */
    public Builder headDim(int value) {
      headDim = value;
      return this;
    }

    public Builder ffn(int value) {
      ffn = value;
      return this;
    }

    public Builder vocabularyTokens(int value) {
      vocabularyTokens = value;
      return this;
    }

    public Builder contextTokens(int value) {
      contextTokens = value;
      return this;
    }

    public Builder ropeTheta(double value) {
      ropeTheta = value;
      return this;
    }

    public Builder tiedOutput(boolean value) {
      tiedOutput = value;
      return this;
    }

    public Builder ropeFactors(boolean value) {
      ropeFactors = value;
      return this;
    }

    public Builder medium(boolean value) {
      medium = value;
      return this;
    }

    public Builder format(WeightFormat value) {
      format = value;
      return this;
    }

    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * @throws IllegalArgumentException when the sizes do not go together
     */
    public SyntheticModel build() {
      int actualHeadDim = headDim == 0 && heads > 0 ? dim / heads : headDim;
      return new SyntheticModel(
          architecture,
          dim,
          layers,
          heads,
          kvHeads,
          actualHeadDim,
          ffn,
          vocabularyTokens,
          contextTokens,
          ropeTheta,
          tiedOutput,
          ropeFactors,
          format,
          medium,
          seed);
    }
  }
}
