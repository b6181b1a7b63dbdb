package io.fullbore.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.backend.BackendException;
import io.fullbore.backend.KvSizing;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.model.Architecture;
import io.fullbore.model.GgufFile;
import io.fullbore.model.SyntheticModel;
import io.fullbore.model.Weights;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConsistencyCheckTest {
  @TempDir Path folder;

  private CudaBackend open(int maxPositions) throws IOException {
    FakeDriver fake = FakeDriver.load();
    Path path = folder.resolve("model.gguf");
    SyntheticModel.builder("llama")
        .dim(64)
        .heads(4, 2)
        .layers(2)
        .ffn(64)
        .vocabularyTokens(320)
        .contextTokens(64)
        .build()
        .write(path, bytes -> {});
    try (GgufFile file = GgufFile.open(path)) {
      Architecture architecture = Architecture.of(file.metadata());
      CudaDriver driver = fake.found();
      return CudaBackend.open(
          driver,
          driver.devices().getFirst(),
          FakeDriver.IMAGE,
          DecoderGraph.of(architecture, Weights.of(file, architecture)),
          new KvSizing(16, 4, maxPositions, 64),
          new CudaBackend.Options(true, 0, bytes -> {}));
    }
  }

  @Test
  void kernelsThatAgreePass() throws IOException {
    try (CudaBackend backend = open(64)) {
      ConsistencyCheck.run(backend);
    }
    try (CudaBackend backend = open(5)) {
      ConsistencyCheck.run(backend);
    }
  }

  @Test
  void kernelsThatDoNotAreFound() throws IOException {
    FakeDriver fake = FakeDriver.load();
    try (CudaBackend backend = open(64)) {
      fake.skip("attend_decode_f16_kv16_64");
      var e = assertThrows(BackendException.class, () -> ConsistencyCheck.run(backend));
      assertTrue(e.getMessage().startsWith("the GPU's kernels disagree"), e::getMessage);
    }
    fake.reset();
    fake.assertNothingLives();
  }
}
