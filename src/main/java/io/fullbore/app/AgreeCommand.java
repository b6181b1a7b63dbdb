package io.fullbore.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.fullbore.backend.Backend;
import io.fullbore.backend.KvSizing;
import io.fullbore.backend.StepBatch;
import io.fullbore.config.ConfigException;
import io.fullbore.config.ServerConfig;
import io.fullbore.kv.BlockTable;
import io.fullbore.kv.KvCache;
import io.fullbore.sampling.Logprobs;
import io.fullbore.sampling.TokenLogprobs;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code fullbore agree}: how far two backends' log-probabilities are apart, over random prompts.
 * For benches.
 */
@Command(
    name = "agree",
    hidden = true,
    description = "Compares the log-probabilities that two backends give the same prompts.",
    showDefaultValues = true,
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init")
final class AgreeCommand implements Callable<Integer> {
  private static final int TOP_COUNT = 5;

  @Option(names = "--model", required = true, paramLabel = "FILE", description = "GGUF file.")
  private Path model;

  @Option(names = "--backends", split = ",", description = "Two.", defaultValue = "cpu,cuda")
  private List<String> backends;

  @Option(names = "--prompts", description = "How many.", defaultValue = "8")
  private int promptCount;

  @Option(names = "--tokens", description = "Of the longest.", defaultValue = "64")
  private int tokenCount;

  @Mixin private ConfigOptions config;

  @Spec private CommandSpec spec;

  /** What follows a prompt, as a backend sees it: the likeliest tokens of the first one. */
  private record Compared(
      int[] prompt, int[] topTokens, float[] logprobs, float[] otherLogprobs, double difference) {}

  @Override
  public Integer call() throws IOException, ConfigException, UsageException {
    if (backends.size() != 2 || promptCount < 1 || tokenCount < 1) {
      throw new UsageException("--backends must be two, --prompts and --tokens at least 1");
    }
    try (LoadedModel loaded = LoadedModel.open(ModelLocation.of(model))) {
      int vocabulary = loaded.architecture().vocabularySize();
      List<int[]> prompts = new ArrayList<>();
      for (int i = 0; i < promptCount; i++) {
        int length = Math.ceilDiv(tokenCount * (i + 1), promptCount);
        prompts.add(new Random(i).ints(length, 0, vocabulary).toArray());
      }
      List<float[]> first = logits(loaded, backends.get(0), prompts);
      List<float[]> second = logits(loaded, backends.get(1), prompts);
      List<Compared> compared = new ArrayList<>();
      for (int i = 0; i < promptCount; i++) {
        compared.add(compare(prompts.get(i), first.get(i), second.get(i)));
      }
      report(loaded.name(), compared);
    }
    return 0;
  }

  private List<float[]> logits(LoadedModel loaded, String name, List<int[]> prompts)
      throws IOException, ConfigException, UsageException {
    ServerConfig.Engine settings = config.read(Map.of("engine.backend", name)).engine();
    int blocks = Math.ceilDiv(tokenCount, settings.blockTokens());
    KvSizing sizing = new KvSizing(blocks, settings.blockTokens(), tokenCount, tokenCount);
    Placement.Replica replica = Placement.single(loaded, settings, kind -> sizing);
    List<float[]> logits = new ArrayList<>();
    try (Backend backend = loaded.backend(replica, settings)) {
      StepBatch batch = new StepBatch(tokenCount);
      for (int[] prompt : prompts) {
        KvCache cache = new KvCache(blocks, settings.blockTokens(), false);
        BlockTable table = new BlockTable();
        cache.grow(table, prompt.length);
        batch.clear();
        batch.add(prompt, 0, prompt.length, table, StepBatch.Want.LAST);
        float[] row = new float[backend.vocabularySize()];
        backend.forward(batch, row);
        logits.add(row);
      }
    }
    return logits;
  }

  private static Compared compare(int[] prompt, float[] first, float[] second) {
    TokenLogprobs top = Logprobs.of(first, 0, first.length, 0, TOP_COUNT);
    float[] others = new float[top.topTokens().length];
    double greatest = 0;
    for (int i = 0; i < others.length; i++) {
      others[i] = Logprobs.of(second, 0, second.length, top.topTokens()[i], 0).logprob();
      greatest = Math.max(greatest, Math.abs(top.topLogprobs()[i] - others[i]));
    }
    return new Compared(prompt, top.topTokens(), top.topLogprobs(), others, greatest);
  }

  private void report(String name, List<Compared> compared) throws IOException {
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("model", name);
    report.put("backends", backends);
    report.put(
        "greatestDifference", compared.stream().mapToDouble(Compared::difference).max().orElse(0));
    double sum = 0;
    for (Compared each : compared) {
      for (int i = 0; i < each.logprobs.length; i++) {
        sum += Math.abs(each.logprobs[i] - each.otherLogprobs[i]);
      }
    }
    report.put("meanDifference", sum / compared.size() / TOP_COUNT);
    report.put("prompts", compared);
    PrintWriter out = spec.commandLine().getOut();
    out.println(new ObjectMapper().writeValueAsString(report));
    out.flush();
  }
}
