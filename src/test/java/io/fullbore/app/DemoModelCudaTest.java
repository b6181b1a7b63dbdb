package io.fullbore.app;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fullbore.backend.cuda.FakeDriver;
import java.util.Map;

/**
 * The demo model as a GPU serves it, with kernels that run on the processor: graphs, two steps in
 * flight, tokens chosen on the device, and a KV cache so small that blocks go to the host's tier
 * and come back.
 */
class DemoModelCudaTest extends DemoModelTest {
  private static final String BLOCKS_BYTES = "7000000";

  @Override
  int promptStep() {
    return 7;
  }

  /** Three of the thirteen are missed on the processor too. */
  @Override
  int rightPercent() {
    return 75;
  }

  @Override
  RunningServer start() throws Exception {
    FakeDriver.load();
    assumeTrue(
        FakeDriver.class.getResource("fullbore.fatbin") != null, "built without CUDA kernels");
    return RunningServer.start(
        "builtin:fullbore-demo",
        Map.of(
            "engine.backend",
            "cuda",
            "engine.kvCacheBytes",
            BLOCKS_BYTES,
            "engine.kvHostBytes",
            BLOCKS_BYTES));
  }
}
