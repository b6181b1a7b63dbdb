package io.fullbore.backend.cpu;

import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendContract;
import io.fullbore.backend.KvSizing;
import io.fullbore.graph.DecoderGraph;

class CpuBackendTest extends BackendContract {
  @Override
  protected Backend backend(DecoderGraph graph, KvSizing sizing) {
    return new CpuBackend(graph, sizing, 3);
  }

  @Override
  protected double tolerance() {
    return 1e-3;
  }
}
