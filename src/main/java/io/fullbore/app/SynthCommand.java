package io.fullbore.app;

import io.fullbore.model.SyntheticModel;
import io.fullbore.model.WeightFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fullbore synth}. */
@Command(
    name = "synth",
    description =
        "Writes a valid GGUF model with random weights, for measurements without a download.",
    showDefaultValues = true,
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init")
final class SynthCommand implements Callable<Integer> {
  @Option(names = "--arch", description = "llama, qwen2 or qwen3.", defaultValue = "llama")
  private String arch;

  @Option(names = "--dim", description = "Width of the hidden state.", defaultValue = "256")
  private int dim;

  @Option(names = "--layers", description = "Transformer blocks.", defaultValue = "4")
  private int layers;

  @Option(names = "--heads", description = "Query heads.", defaultValue = "8")
  private int heads;

  @Option(names = "--kv-heads", description = "Key and value heads.", defaultValue = "4")
  private int kvHeads;

  @Option(names = "--head-dim", description = "Elements per head; default dim / heads.")
  private @Nullable Integer headDim;

  @Option(names = "--ffn", description = "Width of the feed-forward layer.", defaultValue = "768")
  private int ffn;

  @Option(names = "--vocab", description = "Entries of the vocabulary.", defaultValue = "2000")
  private int vocabulary;

  @Option(names = "--context", description = "Context in tokens.", defaultValue = "2048")
  private int context;

  @Option(names = "--rope-theta", description = "Base of the rotation.", defaultValue = "10000")
  private double ropeTheta;

  @Option(names = "--rope-factors", description = "Add Llama 3.x's frequency factors.")
  private boolean ropeFactors;

  @Option(names = "--tied", description = "Use the embedding as output matrix.")
  private boolean tied;

  @Option(
      names = "--type",
      description = "Weight format of the matrices: ${COMPLETION-CANDIDATES}.",
      defaultValue = "Q8_0")
  private WeightFormat type;

  @Option(
      names = "--medium",
      description = "Store matrices that matter more as Q6_K, as in files called Q4_K_M.")
  private boolean medium;

  @Option(names = "--seed", description = "Same seed, same file.", defaultValue = "1")
  private long seed;

  @Option(names = "--out", required = true, paramLabel = "FILE", description = "File to write.")
  private Path out;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, UsageException {
    SyntheticModel model = model();
    try (ProgressBar bar =
        new ProgressBarBuilder()
            .setTaskName("writing " + out.getFileName())
            .setInitialMax(model.dataBytes())
            .setUnit("MB", 1_000_000)
            .setStyle(ProgressBarStyle.ASCII)
            .build()) {
      model.write(out, bar::stepTo);
    }
    spec.commandLine()
        .getOut()
        .println("%s: %d bytes, %s %s".formatted(out, Files.size(out), arch, type));
    return 0;
  }

  private SyntheticModel model() throws UsageException {
    SyntheticModel.Builder builder =
        SyntheticModel.builder(arch)
            .dim(dim)
            .layers(layers)
            .heads(heads, kvHeads)
            .ffn(ffn)
            .vocabularyTokens(vocabulary)
            .contextTokens(context)
            .ropeTheta(ropeTheta)
            .ropeFactors(ropeFactors)
            .tiedOutput(tied)
            .format(type)
            .medium(medium)
            .seed(seed);
    try {
      return (headDim == null ? builder : builder.headDim(headDim)).build();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }
}
