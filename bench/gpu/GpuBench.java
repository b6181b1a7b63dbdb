import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Measures Fullbore on a GPU, step by step; {@code bench/gpu/run} starts it. A step that fails or
 * takes too long leaves what it has, says why in a line, and the next one goes on.
 */
@Command(
    name = "run",
    description = "Measures Fullbore on this machine's NVIDIA GPU.",
    showDefaultValues = true,
    mixinStandardHelpOptions = true)
public final class GpuBench implements Callable<Integer> {
  /** In their order, each with its time limit. */
  enum Step {
    FACTS(30),
    CEILINGS(60),
    CONTRACT(150),
    KERNELS(120),
    MODELS(330),
    AGREEMENT(120),
    SERVE(150),
    PEERS(180);

    final long limitSeconds;

    Step(long limitSeconds) {
      this.limitSeconds = limitSeconds;
    }

    String label() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  @Option(names = "--home", required = true, hidden = true)
  Path home;

  @Option(names = "--quick", description = "Fewer models, batches and clients.")
  boolean quick;

  @Option(names = "--rehearse", hidden = true, description = "Tiny sizes, for no GPU.")
  boolean rehearse;

  @Option(names = "--driver", hidden = true, description = "Another file than libcuda.so.1.")
  private Path driver;

  @Option(names = "--results", description = "A folder.", defaultValue = "results")
  private Path results;

  @Option(names = "--models", description = "A folder for the models; they are deleted afterwards.")
  private Path models;

  @Option(names = "--llama-bench", description = "llama.cpp's llama-bench, built for CUDA.")
  Path llamaBench;

  @Option(names = "--python", defaultValue = "python3", description = "One with torch, for peers.")
  String python;

  @Option(names = "--seconds", description = "For everything together.", defaultValue = "540")
  private long seconds;

  @Option(names = "--port", description = "For the server.", defaultValue = "18440")
  int port;

  @Parameters(paramLabel = "STEP", description = "${COMPLETION-CANDIDATES}; all unless given.")
  private List<Step> steps = List.of();

  Programs programs;
  GpuResults out;
  private final List<GpuModel> written = new ArrayList<>();

  public static void main(String[] arguments) {
    System.exit(
        new CommandLine(new GpuBench())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .execute(arguments));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Files.createDirectories(results);
    boolean own = models == null;
    models = own ? Files.createTempDirectory(roomiest(), "fullbore-gpu-models") : models;
    Files.createDirectories(models);
    programs = new Programs(seconds, results.resolve("log.txt"));
    out = new GpuResults(results);
    List<Step> wanted = steps.isEmpty() ? Arrays.asList(Step.values()) : steps;
    boolean complete = true;
    try {
      for (Step step : Step.values()) {
        if (wanted.contains(step)) {
          complete &= run(step);
        }
      }
    } finally {
      forget(List.of());
      if (own) {
        Files.deleteIfExists(models);
      }
    }
    System.out.println();
    System.out.println(out.report());
    return complete ? 0 : 1;
  }

  private boolean run(Step step) throws IOException, InterruptedException {
    long begun = System.nanoTime();
    programs.beginStep(step.limitSeconds);
    System.out.printf("== %s, %d s at most%n", step.label(), programs.secondsLeft());
    boolean complete = true;
    try {
      switch (step) {
        case FACTS -> new GpuChecks(this).facts();
        case CEILINGS -> new GpuChecks(this).ceilings();
        case CONTRACT -> new GpuChecks(this).contract();
        case KERNELS -> new GpuChecks(this).kernels();
        case MODELS -> new GpuSpeeds(this).models();
        case AGREEMENT -> new GpuChecks(this).agreement();
        case SERVE -> new GpuSpeeds(this).serve();
        case PEERS -> new GpuSpeeds(this).peers();
      }
    } catch (Programs.Failure e) {
      complete = false;
      note(step, e.getMessage());
    }
    out.add(step, "seconds", (System.nanoTime() - begun) / 1e9);
    out.write(step);
    return complete;
  }

  /** Says something of a step, here and in its results. */
  void note(Step step, String text) throws IOException {
    System.out.println("   " + text);
    out.note(step, text);
  }

  // --- Commands -------------------------------------------------------------------------------

  /** A Java command line up to its class path or jar. */
  List<String> java() {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("java/bin/java").toString());
    command.addAll(List.of("-XX:+UseG1GC", "-XX:+UseCompactObjectHeaders"));
    if (driver != null) {
      command.add("-Dfullbore.cuda.driver=" + driver.toAbsolutePath());
    }
    return command;
  }

  List<String> fullbore(String... arguments) {
    List<String> command = java();
    command.addAll(List.of("-jar", home.resolve("fullbore.jar").toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  /** Whether a program can be started and does well. */
  boolean works(String... command) throws IOException {
    try {
      programs.output(20, List.of(command));
      return true;
    } catch (Programs.Failure | IOException e) {
      return false;
    }
  }

  // --- Models ---------------------------------------------------------------------------------

  /** The larger of what is in memory and the folder for temporary files: writing is half of it. */
  private static Path roomiest() throws IOException {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    Path memory = Path.of("/dev/shm");
    if (!Files.isWritable(memory)) {
      return temporary;
    }
    long needed = 32L << 30;
    return Files.getFileStore(memory).getUsableSpace() >= needed ? memory : temporary;
  }

  GpuModel model(String size, String format) {
    GpuModel.Shape shape = size.equals("8b") ? GpuModel.LLAMA_8B : GpuModel.LLAMA_1B;
    return new GpuModel(size, rehearse ? GpuModel.TINY : shape, format);
  }

  /** A model's file, written unless it is there. */
  Path file(GpuModel model) throws Programs.Failure, IOException {
    Path file = models.resolve(model.name() + ".gguf");
    if (!Files.exists(file)) {
      long begun = System.nanoTime();
      List<String> command = fullbore("synth");
      command.addAll(model.synthOptions());
      command.addAll(List.of("--out", file.toString()));
      programs.output(150, command);
      written.add(model);
      System.out.printf(
          "   wrote %s, %.1f GB in %.1f s%n",
          model.name(), Files.size(file) / 1e9, (System.nanoTime() - begun) / 1e9);
    }
    return file;
  }

  /** Deletes the models that were written, but those that are still of use. */
  void forget(List<GpuModel> kept) throws IOException {
    for (GpuModel model : List.copyOf(written)) {
      if (!kept.contains(model)) {
        Files.deleteIfExists(models.resolve(model.name() + ".gguf"));
        written.remove(model);
      }
    }
  }

  static ObjectMapper json() {
    return new ObjectMapper();
  }
}
