package io.fullbore.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs the tests of the CUDA kernels on the processor, with sanitizers, where there is a compiler.
 */
class CudaKernelsTest {
  private static final Path SCRIPT = Path.of("native/cuda/test");
  private static final long TIMEOUT_SECONDS = 500;

  @TempDir Path folder;

  @Test
  void theKernelsPassTheirOwnTests() throws IOException, InterruptedException {
    assumeTrue(File.separatorChar == '/' && Files.isExecutable(SCRIPT), "no " + SCRIPT);
    assumeTrue(hasCompiler(), "no g++");
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(SCRIPT.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertTrue(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS), SCRIPT + " takes too long");
    } finally {
      process.destroyForcibly();
    }
    assertEquals(0, process.exitValue(), Files.readString(output));
  }

  private static boolean hasCompiler() {
    return Stream.of(System.getenv("PATH").split(":"))
        .anyMatch(path -> Files.isExecutable(Path.of(path, "g++")));
  }
}
