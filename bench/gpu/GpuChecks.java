import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The steps that say what the device is and whether it computes what it should. */
final class GpuChecks {
  private static final String CONTRACT = "io.fullbore.backend.cuda.CudaBackendTest";
  private static final String SHORT = "#aPromptGivesTheSameLogitsHoweverItIsChunked()";
  private static final String SHORTEST = "$Ampere#computingTheSameRowsAgainChangesNothing()";

  private final GpuBench bench;

  GpuChecks(GpuBench bench) {
    this.bench = bench;
  }

  void facts() throws IOException {
    GpuBench.Step step = GpuBench.Step.FACTS;
    bench.out.add(step, "processors", Runtime.getRuntime().availableProcessors());
    bench.out.add(step, "java", System.getProperty("java.runtime.version"));
    bench.out.add(step, "system", System.getProperty("os.version"));
    String fields =
        "name,driver_version,memory.total,clocks.max.sm,clocks.max.mem,power.limit,"
            + "temperature.gpu,mig.mode.current";
    try {
      String line =
          bench.programs.output(
              20, List.of("nvidia-smi", "--query-gpu=" + fields, "--format=csv,noheader"));
      bench.out.add(step, "gpu", line.strip());
      System.out.println("   " + line.strip());
    } catch (Programs.Failure | IOException e) {
      bench.note(step, "no nvidia-smi: " + e.getMessage());
    }
  }

  void ceilings() throws IOException, Programs.Failure {
    GpuBench.Step step = GpuBench.Step.CEILINGS;
    List<String> command = bench.fullbore("bench", "--ceilings", "--json");
    addRehearsal(command);
    JsonNode ceilings = GpuBench.json().readTree(bench.programs.output(step.limitSeconds, command));
    bench.out.add(step, "ceilings", ceilings);
    System.out.println("   " + ceilings);
  }

  private void addRehearsal(List<String> command) {
    if (bench.rehearse) {
      command.add("--rehearse");
    }
  }

  // --- The contract ---------------------------------------------------------------------------

  void contract() throws IOException, Programs.Failure {
    GpuBench.Step step = GpuBench.Step.CONTRACT;
    List<String> command =
        bench.rehearse
            ? tests("--select-method", CONTRACT + SHORTEST)
            : tests("--select-class", CONTRACT);
    try {
      contract("plain", step.limitSeconds / 2, command);
    } finally {
      if (!bench.quick) {
        sanitized("memcheck");
        sanitized("racecheck");
      }
    }
  }

  private void contract(String name, long limitSeconds, List<String> command)
      throws IOException, Programs.Failure {
    List<String> tail = new ArrayList<>();
    StringBuilder whole = new StringBuilder();
    try {
      bench.programs.run(
          limitSeconds,
          command,
          line -> {
            whole.append(line).append('\n');
            if (line.startsWith("[") && line.contains("tests ")) {
              tail.add(line.replaceAll("[\\[\\] ]+", " ").strip());
            } else if (line.contains("[X]") || line.contains("ERROR SUMMARY")) {
              tail.add(line.strip());
              System.out.println("   " + line.strip());
            }
          });
    } finally {
      bench.out.add(GpuBench.Step.CONTRACT, name, tail);
      Files.writeString(bench.out.folder().resolve("contract-" + name + ".txt"), whole);
    }
    System.out.printf("   contract, %s: passed%n", name);
  }

  private List<String> tests(String selector, String selected) {
    List<String> command = bench.java();
    Path home = bench.home;
    command.addAll(
        List.of(
            "-Dfullbore.test.cuda=real",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            "%s:%s:%s"
                .formatted(
                    home.resolve("junit-platform-console-standalone.jar"),
                    home.resolve("fullbore.jar"),
                    home.resolve("tests")),
            "org.junit.platform.console.ConsoleLauncher",
            "execute",
            "--disable-banner",
            "--disable-ansi-colors",
            "--details=tree",
            "--details-theme=ascii",
            selector,
            selected));
    return command;
  }

  private void sanitized(String tool) throws IOException {
    GpuBench.Step step = GpuBench.Step.CONTRACT;
    String sanitizer = sanitizer();
    if (sanitizer == null) {
      bench.note(step, "no compute-sanitizer: " + tool + " is skipped");
      return;
    }
    boolean hopper =
        bench
            .out
            .of(GpuBench.Step.CEILINGS)
            .at("/ceilings/computeCapability")
            .asText()
            .equals("9.0");
    List<String> command =
        new ArrayList<>(List.of(sanitizer, "--tool", tool, "--error-exitcode", "9"));
    command.addAll(tests("--select-method", CONTRACT + (hopper ? "$Hopper" : "$Ampere") + SHORT));
    try {
      contract(tool, 45, command);
    } catch (Programs.Failure e) {
      bench.note(step, e.getMessage());
    }
  }

  /** Where it usually is; null where it is not. */
  private String sanitizer() throws IOException {
    if (bench.works("compute-sanitizer", "--version")) {
      return "compute-sanitizer";
    }
    Path local = Path.of("/usr/local");
    if (!Files.isDirectory(local)) {
      return null;
    }
    try (Stream<Path> folders = Files.list(local)) {
      return folders
          .flatMap(
              each ->
                  Stream.of(
                      each.resolve("bin/compute-sanitizer"),
                      each.resolve("compute-sanitizer/compute-sanitizer")))
          .filter(Files::isExecutable)
          .map(Path::toString)
          .findFirst()
          .orElse(null);
    }
  }

  // --- Products and log-probabilities -----------------------------------------------------------

  void kernels() throws IOException, Programs.Failure {
    GpuBench.Step step = GpuBench.Step.KERNELS;
    List<String> command = bench.fullbore("bench", "--products", "--json");
    addRehearsal(command);
    List<IOException> failures = new ArrayList<>();
    bench.programs.run(
        step.limitSeconds,
        command,
        line -> {
          try {
            bench.out.append(step, "rows", GpuBench.json().readTree(line));
          } catch (IOException e) {
            failures.add(e);
          }
        });
    if (!failures.isEmpty()) {
      throw failures.getFirst();
    }
  }

  void agreement() throws IOException, Programs.Failure {
    GpuBench.Step step = GpuBench.Step.AGREEMENT;
    List<String> formats = bench.quick ? List.of("BF16") : List.of("BF16", "Q8_0", "Q4_K_M");
    for (String format : formats) {
      GpuModel model = bench.model("1b", format);
      Path file = bench.file(model);
      List<String> command = bench.fullbore("agree", "--model", file.toString());
      if (bench.rehearse) {
        command.addAll(List.of("--prompts", "2", "--tokens", "8"));
      }
      JsonNode report = GpuBench.json().readTree(bench.programs.output(60, command));
      bench.out.add(step, format, report);
      System.out.printf(
          "   %s: CPU and GPU differ by %.4f at most, %.4f on average%n",
          format,
          report.path("greatestDifference").asDouble(),
          report.path("meanDifference").asDouble());
      if (model.isBrain()) {
        reference(file, report);
      }
    }
  }

  /** The same prompts by another implementation. */
  private void reference(Path model, JsonNode agreement) throws IOException, Programs.Failure {
    GpuBench.Step step = GpuBench.Step.AGREEMENT;
    if (!bench.works(bench.python, "-c", "import torch")) {
      bench.note(step, "no %s with torch: the reference is skipped".formatted(bench.python));
      return;
    }
    Path prompts = Files.createTempFile("agreement", ".json");
    try {
      Files.writeString(prompts, agreement.toString());
      String script = bench.home.resolve("reference.py").toString();
      JsonNode report =
          GpuBench.json()
              .readTree(
                  bench.programs.output(
                      90, List.of(bench.python, script, model.toString(), prompts.toString())));
      bench.out.add(step, "reference", report);
      System.out.println("   reference: " + report);
    } finally {
      Files.delete(prompts);
    }
  }
}
