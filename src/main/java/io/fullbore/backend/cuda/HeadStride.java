package io.fullbore.backend.cuda;

import io.fullbore.core.ModelFormatException;
import java.util.List;

/**
 * The elements that a head takes in queries and in the KV cache: attention kernels exist for few
 * sizes, and a smaller head is filled up with zeros.
 */
final class HeadStride {
  private static final List<Integer> STRIDES = List.of(64, 96, 128, 256);

  private HeadStride() {}

  /**
   * @throws ModelFormatException when there is none for such heads
   */
  static int of(int headDim) {
    for (int stride : STRIDES) {
      if (headDim <= stride && headDim % 2 == 0) {
        return stride;
      }
    }
    throw new ModelFormatException(
        "the CUDA backend has no attention kernel for headDim=%d; it must be even, %d at most"
            .formatted(headDim, STRIDES.getLast()));
  }
}
