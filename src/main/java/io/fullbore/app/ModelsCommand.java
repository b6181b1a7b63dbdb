package io.fullbore.app;

import io.fullbore.config.ConfigException;
import io.fullbore.model.Architecture;
import io.fullbore.model.GgufFile;
import io.fullbore.model.TensorInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fullbore models}. */
@Command(
    name = "models",
    description = "Lists the configured models, or the given files, and what is in them.",
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init")
final class ModelsCommand implements Callable<Integer> {
  private static final String ROW = "%-24s %-8s %10s %-6s %9s  %s%n";

  @Mixin private ConfigOptions config;

  @Parameters(arity = "0..*", paramLabel = "FILE", description = "GGUF files.")
  private List<Path> files = List.of();

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, ConfigException {
    List<ModelLocation> locations =
        files.isEmpty()
            ? config.read(Map.of()).models().stream()
                .map(model -> new ModelLocation(model.path()))
                .toList()
            : files.stream().map(ModelLocation::of).toList();
    PrintWriter out = spec.commandLine().getOut();
    if (locations.isEmpty()) {
      out.println("No models: list them under \"models\" in config.json, or name files.");
      return 0;
    }
    out.printf(ROW, "NAME", "ARCH", "PARAMETERS", "TYPE", "CONTEXT", "FILE");
    for (ModelLocation location : locations) {
      try (GgufFile file = location.open()) {
        Architecture architecture = Architecture.of(file.metadata());
        out.printf(
            ROW,
            location.modelName(),
            architecture.family(),
            parameters(file),
            mainFormat(file),
            architecture.contextTokens(),
            location);
      }
    }
    out.flush();
    return 0;
  }

  private static String parameters(GgufFile file) {
    double count = file.tensors().stream().mapToDouble(t -> (double) t.rows() * t.columns()).sum();
    return count >= 1e9 ? "%.1fB".formatted(count / 1e9) : "%.1fM".formatted(count / 1e6);
  }

  /** The format that most bytes are in. */
  private static String mainFormat(GgufFile file) {
    return file.tensors().stream()
        .collect(
            Collectors.groupingBy(
                TensorInfo::format, Collectors.summingLong(TensorInfo::sizeBytes)))
        .entrySet()
        .stream()
        .max(Comparator.comparingLong(Map.Entry::getValue))
        .map(entry -> entry.getKey().name())
        .orElse("-");
  }
}
