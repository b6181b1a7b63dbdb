import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The steps that say how fast whole models are. */
final class GpuSpeeds {
  private static final int PROMPT_TOKENS = 128;
  private static final int GENERATED_TOKENS = 64;
  private static final int LONG_PROMPT_TOKENS = 2048;

  private final GpuBench bench;

  GpuSpeeds(GpuBench bench) {
    this.bench = bench;
  }

  private List<Integer> counts(List<Integer> all) {
    if (bench.rehearse) {
      return List.of(1, 2);
    }
    return bench.quick ? List.of(all.getFirst(), all.get(2)) : all;
  }

  // --- Models ---------------------------------------------------------------------------------

  void models() throws IOException {
    GpuBench.Step step = GpuBench.Step.MODELS;
    List<GpuModel> kept = List.of(bench.model("1b", "BF16"), bench.model("8b", "BF16"));
    List<GpuModel> all = new ArrayList<>();
    for (String format : List.of("BF16", "Q8_0", "Q4_K_M")) {
      all.add(bench.model("8b", format));
    }
    if (!bench.quick) {
      for (String format : List.of("BF16", "Q8_0", "Q4_K_M")) {
        all.add(bench.model("1b", format));
      }
    }
    for (GpuModel model : all) {
      try {
        ObjectNode row = measure(model);
        bench.out.append(step, "rows", row);
        System.out.println("   " + row);
      } catch (Programs.Failure e) {
        bench.note(step, model.name() + ": " + e.getMessage());
      }
      bench.forget(kept);
    }
  }

  private ObjectNode measure(GpuModel model) throws IOException, Programs.Failure {
    Path file = bench.file(model);
    int prompt = bench.rehearse ? 8 : PROMPT_TOKENS;
    int generated = bench.rehearse ? 2 : GENERATED_TOKENS;
    int longPrompt = bench.rehearse ? 24 : LONG_PROMPT_TOKENS;
    String batches =
        counts(List.of(1, 8, 32, 128, 256)).stream()
            .map(String::valueOf)
            .collect(Collectors.joining(","));
    JsonNode decode = measure(file, prompt, generated, batches);
    JsonNode prefill = measure(file, longPrompt, 1, "1");
    ObjectNode row = GpuBench.json().createObjectNode();
    row.put("model", model.name());
    row.put("backend", decode.path("backend").asText());
    row.put("brain", model.isBrain());
    row.put("stepWeightBytes", decode.path("weightBytes").asLong());
    row.put("kvBytesPerToken", decode.path("kvBytesPerToken").asLong());
    row.put("layerParameters", model.shape().layerParameters());
    row.put("decodeParameters", model.shape().decodeParameters());
    row.put("contextTokens", prompt + generated / 2);
    row.put("prefillTokens", longPrompt);
    row.set("prefillTokensPerSecond", prefill.at("/results/0/prefillTokensPerSecond"));
    row.set("decode", decode.path("results"));
    return row;
  }

  private JsonNode measure(Path file, int prompt, int generated, String batches)
      throws IOException, Programs.Failure {
    return GpuBench.json()
        .readTree(
            bench.programs.output(
                90,
                bench.fullbore(
                    "bench",
                    "--model",
                    file.toString(),
                    "--backend",
                    "cuda",
                    "--prompt",
                    Integer.toString(prompt),
                    "--generate",
                    Integer.toString(generated),
                    "--batch",
                    batches,
                    "--repeat",
                    bench.rehearse ? "1" : "3",
                    "--set",
                    "engine.maxStepTokens=2048",
                    "--set",
                    "engine.prefixCache=false",
                    "--json")));
  }

  // --- The server -----------------------------------------------------------------------------

  void serve() throws IOException, InterruptedException, Programs.Failure {
    for (String size : List.of("8b", "1b")) {
      serve(bench.model(size, "BF16"));
    }
  }

  private void serve(GpuModel model) throws IOException, InterruptedException, Programs.Failure {
    GpuBench.Step step = GpuBench.Step.SERVE;
    Path file = bench.file(model);
    Path output = Files.createTempFile("serve", ".txt");
    List<String> command =
        bench.fullbore(
            "serve",
            "--model",
            file.toString(),
            "--port",
            Integer.toString(bench.port),
            "--set",
            "engine.backend=cuda",
            "--set",
            "engine.maxRunning=256",
            "--set",
            "engine.maxStepTokens=2048",
            "--set",
            "batch.maxQueuedRequests=1024");
    Process server =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      serve(model, server, output);
    } finally {
      server.destroy();
      if (!server.waitFor(10, java.util.concurrent.TimeUnit.SECONDS)) {
        Programs.stop(server);
      }
      Files.writeString(
          bench.out.folder().resolve("serve-" + model.name() + ".txt"), Files.readString(output));
      Files.delete(output);
    }
    bench.out.write(step);
  }

  private void serve(GpuModel model, Process server, Path output)
      throws IOException, InterruptedException, Programs.Failure {
    int promptTokens = bench.rehearse ? 8 : 100;
    int answerTokens = bench.rehearse ? 4 : 128;
    StreamClients clients =
        new StreamClients(
            bench.port, model.name(), model.shape().vocabulary(), promptTokens, answerTokens);
    long limit = Math.min(bench.programs.secondsLeft(), 60);
    for (long tenths = 0; !clients.isReady(); tenths++) {
      if (!server.isAlive() || tenths >= 10 * limit) {
        String said = Files.readString(output).strip();
        throw new Programs.Failure("the server is not ready: " + said.lines().toList());
      }
      Thread.sleep(100);
    }
    for (int count : counts(List.of(1, 16, 64, 256))) {
      if (bench.programs.secondsLeft() < 15) {
        throw new Programs.Failure("no time is left for clients=" + count);
      }
      clients.run(count, 1); // a server's first steps of a size take longer
      ObjectNode row = GpuBench.json().createObjectNode().put("model", model.name());
      row.setAll((ObjectNode) GpuBench.json().valueToTree(clients.run(count, count > 16 ? 2 : 3)));
      bench.out.append(GpuBench.Step.SERVE, "rows", row);
      System.out.println("   " + row);
    }
  }

  // --- Others ---------------------------------------------------------------------------------

  void peers() throws IOException, Programs.Failure {
    GpuBench.Step step = GpuBench.Step.PEERS;
    if (bench.works(bench.python, "-c", "import torch; assert torch.cuda.is_available()")) {
      String script = bench.home.resolve("peers.py").toString();
      String report = bench.programs.output(100, List.of(bench.python, script));
      bench.out.add(step, "torch", GpuBench.json().readTree(report));
      System.out.println("   torch: " + report.strip());
    } else {
      bench.note(step, "no %s with torch for this GPU: skipped".formatted(bench.python));
    }
    if (bench.llamaBench == null) {
      bench.note(step, "no --llama-bench: llama.cpp is skipped");
      return;
    }
    Path model = bench.file(bench.model("8b", "BF16"));
    String report =
        bench.programs.output(
            100,
            List.of(
                bench.llamaBench.toString(),
                "-m",
                model.toString(),
                "-ngl",
                "99",
                "-p",
                "2048",
                "-n",
                "64",
                "-r",
                "3",
                "-o",
                "json"));
    bench.out.add(step, "llama.cpp", GpuBench.json().readTree(report));
    System.out.println("   llama.cpp is measured");
  }
}
