package io.fullbore.backend.cpu;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendContract;
import io.fullbore.backend.KvSizing;
import io.fullbore.backend.cpu.KernelLibrary.Search;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.model.WeightFormat;
import org.junit.jupiter.api.Nested;

/** The contract of a backend, for every instruction set that this processor runs. */
class NativeBackendTest {
  @Nested
  class Avx2 extends Contract {
    Avx2() {
      super(InstructionSet.AVX2);
    }
  }

  @Nested
  class Avx512 extends Contract {
    Avx512() {
      super(InstructionSet.AVX512);
    }
  }

  @Nested
  class Neon extends Contract {
    Neon() {
      super(InstructionSet.NEON);
    }
  }

  abstract static class Contract extends BackendContract {
    private final InstructionSet instructionSet;

    Contract(InstructionSet instructionSet) {
      this.instructionSet = instructionSet;
    }

    @Override
    protected Backend backend(DecoderGraph graph, KvSizing sizing) {
      Search search = KernelLibrary.inJar().of(instructionSet);
      assumeTrue(search instanceof Search.Found, search.toString());
      return NativeBackend.open(((Search.Found) search).kernels(), graph, sizing, 3);
    }

    /** The cache has half precision; beside quantised weights, activations have 8 bits. */
    @Override
    protected double tolerance(WeightFormat format) {
      return format.isQuantized() ? 0.3 : 0.01;
    }
  }
}
