package io.fullbore.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fullbore.backend.Backend;
import io.fullbore.backend.KvSizing;
import io.fullbore.config.ServerConfig.KernelChoice;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.model.Architecture;
import io.fullbore.model.GgufFile;
import io.fullbore.model.SyntheticModel;
import io.fullbore.model.Weights;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuKindTest {
  private static final KernelLibrary NOTHING =
      new KernelLibrary("linux-amd64", new KernelFiles.InJar("no-such-folder"));
  private static final KvSizing SIZING = new KvSizing(8, 16, 64, 8);

  @TempDir Path folder;
  private GgufFile file;
  private DecoderGraph graph;

  @BeforeEach
  void open() throws IOException {
    Path path = folder.resolve("model.gguf");
    SyntheticModel.builder("llama")
        .dim(64)
        .heads(4, 2)
        .layers(1)
        .ffn(96)
        .build()
        .write(path, b -> {});
    file = GgufFile.open(path);
    Architecture architecture = Architecture.of(file.metadata());
    graph = DecoderGraph.of(architecture, Weights.of(file, architecture));
  }

  @AfterEach
  void close() {
    file.close();
  }

  private String describe(CpuKind kind) {
    try (Backend backend = kind.open(graph, SIZING, 2)) {
      return backend.describe();
    }
  }

  @Test
  void fallsBackToScalarJavaAndSaysWhy() {
    String line = describe(CpuKind.of(KernelChoice.AUTO, graph, NOTHING));
    assertTrue(line.contains("scalar Java"), line);
    assertTrue(line.contains("the jar was built without a C compiler"), line);
  }

  @Test
  void refusesAnInstructionSetThatIsNotThere() {
    var refused =
        assertThrows(
            IllegalArgumentException.class, () -> CpuKind.of(KernelChoice.AVX512, graph, NOTHING));
    assertTrue(refused.getMessage().startsWith("engine.kernels=avx512: "), refused.getMessage());
  }

  @Test
  void runsTheKernelsOfTheJar() {
    var search = KernelLibrary.inJar().fastest();
    assumeTrue(search instanceof KernelLibrary.Search.Found, search.toString());
    String line = describe(CpuKind.of(KernelChoice.AUTO, graph));
    assertTrue(line.contains("kernels"), line);
  }

  @Test
  void aBlockOfTheKernelsTakesHalfTheMemory() {
    var search = KernelLibrary.inJar().fastest();
    assumeTrue(search instanceof KernelLibrary.Search.Found, search.toString());
    CpuKind scalar = CpuKind.of(KernelChoice.SCALAR, graph);
    CpuKind kernels = CpuKind.of(KernelChoice.AUTO, graph);
    assertEquals(
        scalar.bytesPerBlock(graph.architecture(), 16),
        2 * kernels.bytesPerBlock(graph.architecture(), 16));
  }
}
