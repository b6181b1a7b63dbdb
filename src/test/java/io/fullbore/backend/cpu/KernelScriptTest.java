package io.fullbore.backend.cpu;

import io.fullbore.backend.KernelScript;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the tests of the kernels that are written in C, where there is a compiler. */
class KernelScriptTest {
  private static final Path SCRIPT = Path.of("native/cpu/test");
  private static final long TIMEOUT_SECONDS = 300;

  @TempDir Path folder;

  @Test
  void theKernelsPassTheirOwnTests() throws IOException, InterruptedException {
    KernelScript.assertPasses(SCRIPT, "cc", TIMEOUT_SECONDS, folder);
  }
}
