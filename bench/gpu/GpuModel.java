import java.util.ArrayList;
import java.util.List;

/**
 * A model of random weights that is measured.
 *
 * @param size of the shape, such as 8b
 * @param format of the weights; Q4_K_M is Q4_K with some matrices in Q6_K
 */
record GpuModel(String size, Shape shape, String format) {
  /** A model's shape, of the llama family. */
  record Shape(int dim, int layers, int heads, int kvHeads, int headDim, int ffn, int vocabulary) {
    /** Weights that every token of a prompt is multiplied with. */
    long layerParameters() {
      long attention = 2L * dim * headDim * (heads + kvHeads);
      return layers * (attention + 3L * dim * ffn);
    }

    /** And those that a token which is generated is multiplied with. */
    long decodeParameters() {
      return layerParameters() + (long) vocabulary * dim;
    }
  }

  static final Shape LLAMA_1B = new Shape(2048, 16, 32, 8, 64, 8192, 128_256);
  static final Shape LLAMA_8B = new Shape(4096, 32, 32, 8, 128, 14_336, 128_256);
  static final Shape TINY = new Shape(256, 2, 4, 2, 64, 512, 512);

  /** As the file is named. */
  String name() {
    return size + "-" + format.toLowerCase(java.util.Locale.ROOT);
  }

  /** Options of {@code fullbore synth}. */
  List<String> synthOptions() {
    List<String> options = new ArrayList<>();
    option(options, "--dim", shape.dim);
    option(options, "--layers", shape.layers);
    option(options, "--heads", shape.heads);
    option(options, "--kv-heads", shape.kvHeads);
    option(options, "--head-dim", shape.headDim);
    option(options, "--ffn", shape.ffn);
    option(options, "--vocab", shape.vocabulary);
    option(options, "--context", 4096);
    boolean medium = format.equals("Q4_K_M");
    options.addAll(List.of("--type", medium ? "Q4_K" : format));
    if (medium) {
      options.add("--medium");
    }
    return options;
  }

  private static void option(List<String> options, String name, int value) {
    options.add(name);
    options.add(Integer.toString(value));
  }

  boolean isBrain() {
    return format.equals("BF16");
  }
}
