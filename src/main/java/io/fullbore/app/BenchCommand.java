package io.fullbore.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendKind;
import io.fullbore.backend.KvSizing;
import io.fullbore.backend.cuda.CudaCeilings;
import io.fullbore.backend.cuda.CudaProducts;
import io.fullbore.config.ConfigException;
import io.fullbore.config.ServerConfig;
import io.fullbore.model.WeightFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code fullbore bench}. */
@Command(
    name = "bench",
    description = {
      "Measures a model's tokens per second: prefill (pp) and decode (tg), without the server.",
      "Every figure is the median of the repetitions after one that warms up."
    },
    showDefaultValues = true,
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init")
final class BenchCommand implements Callable<Integer> {
  @Option(names = "--model", paramLabel = "FILE", description = "GGUF file.")
  private @Nullable Path model;

  @Option(names = "--prompt", description = "Prompt tokens.", defaultValue = "128")
  private int promptTokens;

  @Option(names = "--generate", description = "Generated tokens.", defaultValue = "16")
  private int generateTokens;

  @Option(
      names = "--batch",
      split = ",",
      description = "Numbers of sequences that decode together.",
      defaultValue = "1")
  private List<Integer> batchSizes;

  @Option(names = "--repeat", description = "Repetitions.", defaultValue = "3")
  private int repetitions;

  @Option(names = "--backend", description = "auto, cpu or cuda, instead of the configured one.")
  private @Nullable String backendName;

  @Option(names = "--threads", description = "Compute threads, instead of the configured number.")
  private @Nullable Integer threads;

  @Option(names = "--json", description = "Print one JSON object instead of a table.")
  private boolean json;

  @Option(names = "--ceilings", hidden = true, description = "What a GPU can do at most, as JSON.")
  private boolean ceilings;

  @Option(
      names = "--products",
      hidden = true,
      description = "A layer's products on a GPU, as JSON.")
  private boolean products;

  @Option(names = "--rehearse", hidden = true, description = "Of those: small sizes.")
  private boolean rehearse;

  @Mixin private ConfigOptions config;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, ConfigException, UsageException {
    if (ceilings || products) {
      reportDevice();
      return 0;
    }
    Path file = checkOptions();
    ServerConfig.Engine settings = config.read(overrides()).engine();
    int largest = batchSizes.stream().mapToInt(Integer::intValue).max().orElseThrow();
    int perSequence = promptTokens + generateTokens;
    try (LoadedModel loaded = LoadedModel.open(ModelLocation.of(file))) {
      if (perSequence > loaded.architecture().contextTokens()) {
        throw new UsageException(
            "--prompt %d and --generate %d exceed the model's context of %d tokens"
                .formatted(promptTokens, generateTokens, loaded.architecture().contextTokens()));
      }
      int blocks = largest * Math.ceilDiv(perSequence, settings.blockTokens());
      Placement.Replica replica =
          Placement.single(
              loaded,
              settings,
              kind ->
                  new KvSizing(
                      blocks,
                      settings.blockTokens(),
                      perSequence,
                      Math.max(largest, Placement.stepTokens(kind, settings)),
                      largest));
      try (Backend backend = loaded.backend(replica, settings)) {
        report(loaded, replica.kind(), backend, measure(backend));
      }
    }
    return 0;
  }

  private Map<String, String> overrides() {
    Map<String, String> overrides = new LinkedHashMap<>();
    if (backendName != null) {
      overrides.put("engine.backend", backendName);
    }
    if (threads != null) {
      overrides.put("engine.threads", threads.toString());
    }
    return overrides;
  }

  private Path checkOptions() throws UsageException {
    if (model == null) {
      throw new UsageException("--model is missing");
    }
    if (promptTokens < 1 || generateTokens < 1 || repetitions < 1) {
      throw new UsageException("--prompt, --generate and --repeat must be at least 1");
    }
    if (batchSizes.stream().anyMatch(size -> size < 1)) {
      throw new UsageException("--batch must hold numbers of at least 1");
    }
    return model;
  }

  private List<ThroughputBench.Result> measure(Backend backend) {
    ThroughputBench bench = new ThroughputBench(backend, promptTokens, generateTokens);
    List<ThroughputBench.Result> results = new ArrayList<>();
    for (int batchSize : batchSizes) {
      results.add(bench.measure(batchSize, repetitions));
    }
    return results;
  }

  private void report(
      LoadedModel loaded, BackendKind kind, Backend backend, List<ThroughputBench.Result> results)
      throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> report = new LinkedHashMap<>();
      report.put("model", loaded.name());
      report.put("backend", backend.describe());
      report.put("weightBytes", loaded.weights().sizeBytes());
      report.put("kvBytesPerToken", kind.bytesPerBlock(loaded.architecture(), 1));
      report.put("results", results);
      out.println(new ObjectMapper().writeValueAsString(report));
    } else {
      out.println("%s on %s".formatted(loaded.name(), backend.describe()));
      out.printf("%6s %10s %14s %14s%n", "batch", "test", "tokens/s", "ms/step");
      for (ThroughputBench.Result result : results) {
        out.printf(
            "%6d %10s %14.1f%n",
            result.batch(), "pp" + promptTokens, result.prefillTokensPerSecond());
        out.printf(
            "%6d %10s %14.1f %14.1f%n",
            result.batch(),
            "tg" + generateTokens,
            result.decodeTokensPerSecond(),
            1000 * result.batch() / result.decodeTokensPerSecond());
      }
    }
    out.flush();
  }

  /** One line, or one for each product as soon as it is measured. */
  private void reportDevice() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    ObjectWriter json = new ObjectMapper().writer();
    if (ceilings) {
      CudaCeilings.Effort effort = rehearse ? CudaCeilings.Effort.SMALL : CudaCeilings.Effort.FULL;
      out.println(json.writeValueAsString(CudaCeilings.measure(effort)));
      out.flush();
    }
    if (products) {
      CudaProducts.measure(
          rehearse ? CudaProducts.Effort.SMALL : CudaProducts.Effort.FULL,
          List.of(WeightFormat.BF16, WeightFormat.Q8_0, WeightFormat.Q4_K),
          row -> {
            try {
              out.println(json.writeValueAsString(row));
              out.flush();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }
}
