import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;

/**
 * The results as Markdown, each speed with its share of the floor below it: the time that the
 * measured bandwidth, or the measured rate of the matrix units, would need at least.
 */
final class GpuReport {
  private final GpuResults results;
  private final StringBuilder text = new StringBuilder();
  private final JsonNode ceilings;

  GpuReport(GpuResults results) throws IOException {
    this.results = results;
    ceilings = results.of(GpuBench.Step.CEILINGS).path("ceilings");
  }

  String text() throws IOException {
    device();
    contract();
    kernels();
    models();
    agreement();
    serve();
    peers();
    notes();
    return text.toString();
  }

  private void line(String format, Object... values) {
    text.append(format.formatted(values)).append('\n');
  }

  private void head(String title, String columns) {
    line("%n## %s%n", title);
    line("| %s |", columns.replace(", ", " | "));
    line("|%s", "---|".repeat(columns.split(", ").length));
  }

  private double readBytesPerSecond() {
    return ceilings.path("readGbPerSecond").asDouble() * 1e9;
  }

  private double flopsPerSecond(boolean brain) {
    String kind = brain ? "Bf16" : "F16";
    return 1e12
        * Math.max(
            ceilings.path("registerTflops" + kind).asDouble(),
            ceilings.path("groupTflops" + kind).asDouble());
  }

  /** Seconds that cannot be undercut, of bytes that are read and of operations. */
  private double floorSeconds(double bytes, double flops, boolean brain) {
    return ceilings.isMissingNode()
        ? Double.NaN
        : Math.max(bytes / readBytesPerSecond(), flops / flopsPerSecond(brain));
  }

  private static String percent(double share) {
    return Double.isFinite(share) ? "%.0f%%".formatted(100 * share) : "?";
  }

  private void device() throws IOException {
    JsonNode facts = results.of(GpuBench.Step.FACTS);
    line("# Fullbore on %s%n", ceilings.path("device").asText("a GPU"));
    line("%s; %s processors.", facts.path("gpu").asText("no nvidia-smi"), facts.path("processors"));
    if (ceilings.isMissingNode()) {
      return;
    }
    head("Ceilings", "what, measured");
    line("| copy, read and written | %.0f GB/s |", ceilings.path("copyGbPerSecond").asDouble());
    line("| the driver's copy | %.0f GB/s |", ceilings.path("driverCopyGbPerSecond").asDouble());
    line("| read | %.0f GB/s |", ceilings.path("readGbPerSecond").asDouble());
    for (String kind : new String[] {"Bf16", "F16"}) {
      line(
          "| products in %s: registers, warpgroups | %.0f, %.0f TFLOP/s |",
          kind.toLowerCase(java.util.Locale.ROOT),
          ceilings.path("registerTflops" + kind).asDouble(),
          ceilings.path("groupTflops" + kind).asDouble());
    }
    line(
        "| a small kernel: launched, in a graph | %.2f, %.2f µs |",
        ceilings.path("launchMicros").asDouble(), ceilings.path("graphMicros").asDouble());
  }

  private void contract() throws IOException {
    JsonNode contract = results.of(GpuBench.Step.CONTRACT);
    for (String name : new String[] {"plain", "memcheck", "racecheck"}) {
      if (contract.has(name)) {
        String said = contract.path(name).toString();
        text.append("\nContract, ").append(name).append(": ").append(said).append('\n');
      }
    }
  }

  private void kernels() throws IOException {
    JsonNode rows = results.of(GpuBench.Step.KERNELS).path("rows");
    if (rows.isEmpty()) {
      return;
    }
    head(
        "Products of an 8B layer",
        "product, format, rows, kernel, µs, GB/s, TFLOP/s, share of floor, fastest other, error,"
            + " difference");
    for (JsonNode row : rows) {
      double seconds = row.path("micros").asDouble() / 1e6;
      double bytes = row.path("movedBytes").asDouble();
      double flops = row.path("flops").asDouble();
      boolean brain = row.path("format").asText().equals("BF16");
      line(
          "| %s | %s | %d | %s | %.1f | %.0f | %.1f | %s | %s | %.1e | %.1e |",
          row.path("product").asText(),
          row.path("format").asText(),
          row.path("rows").asInt(),
          row.path("kernel").asText(),
          seconds * 1e6,
          bytes / seconds / 1e9,
          flops / seconds / 1e12,
          percent(floorSeconds(bytes, flops, brain) / seconds),
          fastestOther(row.path("otherMicros")),
          row.path("greatestError").asDouble(),
          row.path("greatestDifference").asDouble());
    }
  }

  private static String fastestOther(JsonNode others) {
    String fastest = "";
    double least = Double.POSITIVE_INFINITY;
    for (Map.Entry<String, JsonNode> other : others.properties()) {
      if (other.getValue().asDouble() < least) {
        least = other.getValue().asDouble();
        fastest = "%s %.1f".formatted(other.getKey(), least);
      }
    }
    return fastest;
  }

  private void models() throws IOException {
    JsonNode rows = results.of(GpuBench.Step.MODELS).path("rows");
    if (rows.isEmpty()) {
      return;
    }
    head("Models", "model, test, tokens/s, ms per step, share of floor");
    for (JsonNode row : rows) {
      boolean brain = row.path("brain").asBoolean();
      double prefill = row.path("prefillTokensPerSecond").asDouble();
      double prefillFloor =
          floorSeconds(0, 2 * row.path("layerParameters").asDouble(), brain) * prefill;
      line(
          "| %s | prefill of %d | %.0f | | %s |",
          row.path("model").asText(),
          row.path("prefillTokens").asInt(),
          prefill,
          percent(prefillFloor));
      for (JsonNode decode : row.path("decode")) {
        int batch = decode.path("batch").asInt();
        double perSecond = decode.path("decodeTokensPerSecond").asDouble();
        double bytes =
            row.path("stepWeightBytes").asDouble()
                + batch
                    * row.path("contextTokens").asDouble()
                    * row.path("kvBytesPerToken").asDouble();
        double flops = 2 * row.path("decodeParameters").asDouble() * batch;
        double step = batch / perSecond;
        line(
            "| %s | decode of %d | %.0f | %.2f | %s |",
            row.path("model").asText(),
            batch,
            perSecond,
            1000 * step,
            percent(floorSeconds(bytes, flops, brain) / step));
      }
    }
  }

  private void agreement() throws IOException {
    JsonNode agreement = results.of(GpuBench.Step.AGREEMENT);
    for (String name : new String[] {"BF16", "Q8_0", "Q4_K_M", "reference"}) {
      if (agreement.has(name)) {
        line(
            "%nTop-5 log-probabilities, %s: %.4f apart at most, %.4f on average.",
            name,
            agreement.path(name).path("greatestDifference").asDouble(),
            agreement.path(name).path("meanDifference").asDouble());
      }
    }
  }

  private void serve() throws IOException {
    JsonNode rows = results.of(GpuBench.Step.SERVE).path("rows");
    if (rows.isEmpty()) {
      return;
    }
    head("Server", "model, clients, tokens/s, first token p50 ms, p99 ms, gap p50 ms, p99 ms");
    for (JsonNode row : rows) {
      line(
          "| %s | %d | %.0f | %.1f | %.1f | %.1f | %.1f |",
          row.path("model").asText(),
          row.path("clients").asInt(),
          row.path("tokensPerSecond").asDouble(),
          row.path("firstMsP50").asDouble(),
          row.path("firstMsP99").asDouble(),
          row.path("gapMsP50").asDouble(),
          row.path("gapMsP99").asDouble());
    }
  }

  private void peers() throws IOException {
    JsonNode peers = results.of(GpuBench.Step.PEERS);
    if (!peers.has("torch") && !peers.has("llama.cpp")) {
      return;
    }
    head("Others, 8B in bf16", "engine, test, tokens/s");
    for (Map.Entry<String, JsonNode> test : peers.path("torch").properties()) {
      line("| PyTorch | %s | %.0f |", test.getKey(), test.getValue().asDouble());
    }
    for (JsonNode test : peers.path("llama.cpp")) {
      line(
          "| llama.cpp | prompt %d, generate %d | %.0f |",
          test.path("n_prompt").asInt(),
          test.path("n_gen").asInt(),
          test.path("avg_ts").asDouble());
    }
  }

  private void notes() throws IOException {
    for (GpuBench.Step step : GpuBench.Step.values()) {
      for (JsonNode note : results.of(step).path("notes")) {
        text.append("\n- ").append(step.label()).append(": ").append(note.asText());
      }
    }
    text.append('\n');
  }
}
