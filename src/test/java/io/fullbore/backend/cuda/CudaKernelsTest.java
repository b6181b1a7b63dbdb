package io.fullbore.backend.cuda;

import io.fullbore.backend.KernelScript;
import java.io.IOException;
import java.nio.file.Path;
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
    KernelScript.assertPasses(SCRIPT, "g++", TIMEOUT_SECONDS, folder);
  }
}
