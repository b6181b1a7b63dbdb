import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Starts programs with a time limit each, and never leaves one behind. */
final class Programs {
  private final long endNanos;
  private long stepEndNanos;
  private final Path log;

  /**
   * @param seconds for all programs together
   * @param log gets what programs say beside their results
   */
  Programs(long seconds, Path log) {
    endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    this.log = log;
    stepEndNanos = endNanos;
  }

  /** Programs from now on have so long together. */
  void beginStep(long seconds) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    stepEndNanos = Math.min(endNanos, end);
  }

  /** Of the step, and of everything. */
  long secondsLeft() {
    return TimeUnit.NANOSECONDS.toSeconds(stepEndNanos - System.nanoTime());
  }

  /** Why a program did not do what it should. */
  static final class Failure extends Exception {
    private static final long serialVersionUID = 1;

    Failure(String message) {
      super(message);
    }
  }

  /**
   * Runs a program to its end.
   *
   * @param each gets its standard output, line by line as it comes
   * @throws Failure when it fails or takes too long
   */
  void run(long limitSeconds, List<String> command, Consumer<String> each)
      throws Failure, IOException {
    long seconds = Math.min(limitSeconds, secondsLeft());
    String name = Path.of(command.getFirst()).getFileName().toString();
    if (seconds <= 0) {
      throw new Failure(name + ": no time is left");
    }
    Process process = start(command);
    AtomicBoolean late = new AtomicBoolean();
    Thread watch =
        Thread.startVirtualThread(
            () -> {
              try {
                if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                  late.set(true);
                  stop(process);
                }
              } catch (InterruptedException e) {
                stop(process);
              }
            });
    String last = "";
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        last = line.isBlank() ? last : line;
        each.accept(line);
      }
      int code = process.waitFor();
      watch.join();
      if (late.get()) {
        throw new Failure("%s: stopped after %d s".formatted(name, seconds));
      }
      if (code != 0) {
        throw new Failure("%s: exit code %d, see %s: %s".formatted(name, code, log, last));
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    } finally {
      stop(process);
    }
  }

  /** The same, for its whole standard output. */
  String output(long limitSeconds, List<String> command) throws Failure, IOException {
    StringBuilder output = new StringBuilder();
    run(limitSeconds, command, line -> output.append(line).append('\n'));
    return output.toString();
  }

  /** Starts one that goes on; its standard output is to be read. */
  Process start(List<String> command) throws IOException {
    return new ProcessBuilder(command)
        .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
        .start();
  }

  /** Ends a program and what it started. */
  static void stop(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
