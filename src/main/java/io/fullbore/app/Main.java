package io.fullbore.app;

import io.fullbore.backend.BackendException;
import io.fullbore.config.ConfigException;
import io.fullbore.core.ModelFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The command line's entry.
 *
 * <p>Exit codes: 0 done; 1 it did not work (a file, a model, the network); 2 the command line or
 * the configuration is wrong. The launcher adds 3: no JDK.
 */
@Command(
    name = "fullbore",
    description = "Serves ChatGPT-style models to many users from one binary.",
    mixinStandardHelpOptions = true,
    versionProvider = VersionCommand.Provider.class,
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:it did not work: a file, a model, the network",
      "2:the command line or the configuration is wrong",
      "3:no JDK 25 was found (from the launcher)"
    },
    subcommands = {
      ServeCommand.class,
      ChatCommand.class,
      BenchCommand.class,
      SynthCommand.class,
      TokenizeCommand.class,
      ModelsCommand.class,
      AgreeCommand.class,
      VersionCommand.class
    })
public final class Main {
  static final int FAILED = 1;
  static final int WRONG_USAGE = 2;

  private Main() {}

  public static void main(String[] args) {
    System.exit(run(args));
  }

  /** Runs one command and returns its exit code; without arguments the help. */
  private static int run(String[] args) {
    return commandLine(new PrintWriter(System.out, true), new PrintWriter(System.err, true))
        .execute(args.length == 0 ? new String[] {"--help"} : args);
  }

  static CommandLine commandLine(PrintWriter out, PrintWriter err) {
    return new CommandLine(new Main())
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler((failure, command, parsed) -> report(failure, command));
  }

  private static int report(Exception failure, CommandLine command) throws Exception {
    return switch (failure) {
      case ConfigException wrong -> say(command, wrong.getMessage(), WRONG_USAGE);
      case UsageException wrong -> say(command, wrong.getMessage(), WRONG_USAGE);
      case BackendException failed -> say(command, failed.getMessage(), FAILED);
      case ModelFormatException broken -> say(command, broken.getMessage(), FAILED);
      case NoSuchFileException missing ->
          say(command, "file=%s does not exist".formatted(missing.getMessage()), FAILED);
      case IOException io -> say(command, io.getMessage(), FAILED);
      default -> throw failure;
    };
  }

  private static int say(CommandLine command, String message, int exitCode) {
    command.getErr().println("fullbore: " + message);
    return exitCode;
  }
}
