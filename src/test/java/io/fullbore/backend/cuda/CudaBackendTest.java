package io.fullbore.backend.cuda;

import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendContract;
import io.fullbore.backend.KvSizing;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.model.WeightFormat;
import org.junit.jupiter.api.Nested;

/** The contract of a backend, on a {@link TestGpu}. */
class CudaBackendTest {
  @Nested
  class Ampere extends Contract {
    Ampere() {
      super(8, 0, true);
    }
  }

  @Nested
  class Hopper extends Contract {
    Hopper() {
      super(9, 0, true);
    }
  }

  /** Keys and values in 8 bits. */
  @Nested
  class NarrowCache extends Contract {
    NarrowCache() {
      super(9, 0, false);
    }
  }

  abstract static class Contract extends BackendContract {
    private final int major;
    private final int minor;
    private final boolean wideCache;

    Contract(int major, int minor, boolean wideCache) {
      this.major = major;
      this.minor = minor;
      this.wideCache = wideCache;
    }

    @Override
    protected Backend backend(DecoderGraph graph, KvSizing sizing) {
      TestGpu gpu = TestGpu.of(major, minor);
      return CudaBackend.open(
          gpu.driver(),
          gpu.device(),
          gpu.image(),
          graph,
          sizing,
          new CudaBackend.Options(wideCache, 4, bytes -> {}));
    }

    /** Activations have 11 or 8 significant bits, and keys and values 4 where they are narrow. */
    @Override
    protected double tolerance(WeightFormat format) {
      if (!wideCache) {
        return 1.5;
      }
      return format == WeightFormat.BF16 ? 0.1 : format.isQuantized() ? 0.06 : 0.03;
    }

    @Override
    protected float roundingTolerance() {
      return wideCache ? 0.02f : 1;
    }

    @Override
    protected double logprobTolerance() {
      return 1e-3;
    }
  }
}
