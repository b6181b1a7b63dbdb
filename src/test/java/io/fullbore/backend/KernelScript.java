package io.fullbore.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs a script that compiles kernels and their tests, where there is a compiler for it. */
public final class KernelScript {
  private KernelScript() {}

  /**
   * Asserts that the script ends well.
   *
   * @param compiler a command that it needs
   * @param folder where its output goes
   */
  public static void assertPasses(Path script, String compiler, long timeoutSeconds, Path folder)
      throws IOException, InterruptedException {
    assumeTrue(File.separatorChar == '/' && Files.isExecutable(script), "no " + script);
    assumeTrue(isInstalled(compiler), "no " + compiler);
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(script.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertTrue(process.waitFor(timeoutSeconds, TimeUnit.SECONDS), script + " takes too long");
    } finally {
      process.destroyForcibly();
    }
    assertEquals(0, process.exitValue(), Files.readString(output));
  }

  private static boolean isInstalled(String command) {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(path -> Files.isExecutable(Path.of(path, command)));
  }
}
