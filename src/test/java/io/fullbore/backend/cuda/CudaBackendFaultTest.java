package io.fullbore.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendException;
import io.fullbore.backend.KvSizing;
import io.fullbore.config.ServerConfig;
import io.fullbore.core.Failure;
import io.fullbore.core.RequestId;
import io.fullbore.core.SamplingParams;
import io.fullbore.engine.Engine;
import io.fullbore.engine.EngineSettings;
import io.fullbore.engine.GenerationRequest;
import io.fullbore.engine.SequenceEvent;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.model.Architecture;
import io.fullbore.model.GgufFile;
import io.fullbore.model.SyntheticModel;
import io.fullbore.model.WeightFormat;
import io.fullbore.model.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults of the device while a model is opened and while it computes: nothing is left behind. */
class CudaBackendFaultTest {
  private static final KvSizing SIZING = new KvSizing(16, 4, 64, 16);
  private static final int SEQUENCES = 3;

  @TempDir Path folder;

  private FakeDriver fake;
  private GgufFile file;
  private DecoderGraph graph;

  @BeforeEach
  void open() throws IOException {
    fake = FakeDriver.load();
    Path path = folder.resolve("model.gguf");
    SyntheticModel.builder("llama")
        .dim(64)
        .heads(4, 2)
        .layers(1)
        .ffn(64)
        .vocabularyTokens(320)
        .contextTokens(64)
        .format(WeightFormat.Q8_0)
        .build()
        .write(path, bytes -> {});
    file = GgufFile.open(path);
    Architecture architecture = Architecture.of(file.metadata());
    graph = DecoderGraph.of(architecture, Weights.of(file, architecture));
  }

  @AfterEach
  void nothingIsLeft() {
    file.close();
    fake.assertNothingLives();
    fake.reset();
  }

  private CudaKind kind() {
    CudaKind.Search search =
        CudaKind.find(
            fake.found(), FakeDriver.IMAGE, ServerConfig.defaults().engine(), graph, bytes -> {});
    return assertInstanceOf(CudaKind.Search.Found.class, search).kinds().getFirst();
  }

  @Test
  void everyAllocationMayFailWhileAModelIsOpened() {
    CudaKind kind = kind();
    for (String function : List.of("cuMemAlloc_v2", "cuMemHostAlloc")) {
      int failures = 0;
      for (int call = 1; ; call++) {
        fake.reset();
        fake.fail(function, call, FakeDriver.OUT_OF_MEMORY);
        try (Backend opened = kind.open(graph, SIZING, 1)) {
          assertFalse(opened.describe().isEmpty());
          break;
        } catch (BackendException e) {
          assertTrue(e.getMessage().startsWith("not enough VRAM on Fake GPU"), e.getMessage());
          failures++;
        }
        fake.assertNothingLives();
      }
      assertTrue(failures > 5, function + " failures=" + failures);
    }
  }

  @Test
  void aModelThatIsTooLargeIsRefusedBeforeItIsLoaded() {
    fake.set("totalBytes", 16 << 20);
    CudaKind kind = kind();
    var fits = assertThrows(BackendException.class, () -> kind.requireFits(graph, SIZING));
    assertTrue(
        fits.getMessage().matches("not enough VRAM on .*: needs .* GiB.*"), fits::getMessage);
    var automatic =
        assertThrows(BackendException.class, () -> kind.automaticKvBytes(graph, SIZING, 1));
    assertTrue(automatic.getMessage().startsWith("not enough VRAM on "), automatic::getMessage);
  }

  @Test
  void kernelsThatTheDriverCannotLoadAreSaidPlainly() {
    CudaKind kind = kind();
    fake.fail("cuModuleLoadData", 1, FakeDriver.INVALID_VALUE);
    var e = assertThrows(BackendException.class, () -> kind.open(graph, SIZING, 1));
    assertTrue(e.getMessage().startsWith("driver too old: that of Fake GPU 0"), e::getMessage);
  }

  @Test
  void anOldDeviceIsRefused() {
    fake.set("major", 7);
    fake.set("minor", 5);
    CudaKind.Search search =
        CudaKind.find(
            fake.found(), FakeDriver.IMAGE, ServerConfig.defaults().engine(), graph, bytes -> {});
    var missing = assertInstanceOf(CudaKind.Search.Missing.class, search);
    assertEquals("Fake GPU 0 has compute capability 7.5, 8.0 is needed", missing.reason());
  }

  /** Runs some sequences to their ends. */
  private List<SequenceEvent> run(Backend backend) {
    List<SequenceEvent> terminals = new ArrayList<>();
    Engine engine =
        new Engine(
            backend,
            new EngineSettings(8, 40, true),
            (replyTo, event) -> {
              if (event instanceof SequenceEvent.Finished
                  || event instanceof SequenceEvent.Failed) {
                terminals.add(event);
              }
            },
            System::nanoTime);
    for (int i = 0; i < SEQUENCES; i++) {
      SamplingParams params =
          new SamplingParams(1, 0, 1, 0, 0, 0, 1, Map.of(), i, 6, Set.of(), -1, -1);
      engine.submit(
          new GenerationRequest(
              new RequestId(i), "api.test", "tenant", new int[] {i, 7, 9, 11 + i}, params));
    }
    while (engine.hasWork()) {
      engine.step();
    }
    engine.close();
    return terminals;
  }

  @Test
  void aLaunchThatFailsOnceFailsNoRequest() {
    Backend backend = kind().open(graph, SIZING, 1);
    fake.fail("cuLaunchKernel", 3, FakeDriver.INVALID_VALUE);
    List<SequenceEvent> ends = run(backend);
    assertEquals(SEQUENCES, ends.size());
    ends.forEach(end -> assertInstanceOf(SequenceEvent.Finished.class, end));
  }

  @Test
  void aDeviceThatIsLostEndsEveryRequestOnce() {
    for (int launch : new int[] {1, 9, 25, 60}) {
      Backend backend = kind().open(graph, SIZING, 1);
      fake.loseDevice(launch, FakeDriver.ILLEGAL_ADDRESS);
      List<SequenceEvent> ends = run(backend);
      assertEquals(SEQUENCES, ends.size(), "launch=" + launch);
      for (SequenceEvent end : ends) {
        var failed = assertInstanceOf(SequenceEvent.Failed.class, end, "launch=" + launch);
        var failure = assertInstanceOf(Failure.EngineFailed.class, failed.failure());
        assertTrue(failure.message().contains("is lost"), failure.message());
      }
      fake.reset();
    }
  }
}
