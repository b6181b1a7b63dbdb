package io.fullbore.backend.cpu;

import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendContract;
import io.fullbore.backend.KvSizing;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.model.WeightFormat;

class ScalarBackendTest extends BackendContract {
  @Override
  protected Backend backend(DecoderGraph graph, KvSizing sizing) {
    return new ScalarBackend(graph, sizing, 3, "a test");
  }

  @Override
  protected double tolerance(WeightFormat format) {
    return 1e-3;
  }
}
