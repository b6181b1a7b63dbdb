package io.fullbore.backend.cuda;

/** A part of a step on the device. */
@FunctionalInterface
interface Stage {
  /** Gives the part's kernels to a stream, with grids for a step of this shape. */
  void launch(StepShape shape, CudaStream stream);
}
