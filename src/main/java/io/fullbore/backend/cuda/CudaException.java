package io.fullbore.backend.cuda;

import jcuda.driver.CUresult;

/**
 * A call to the driver failed, or an earlier call's work did and this call is the first to say it.
 */
final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int number;
  private final String call;

  /**
   * @param number what the driver returned
   * @param call the driver's function
   * @param subject what it was called for; empty where the function says it all
   */
  CudaException(int number, String call, String subject) {
    super(
        "%s%s failed: %s (%d)"
            .formatted(
                call,
                subject.isEmpty() ? "" : " for " + subject,
                CUresult.stringFor(number),
                number));
    this.number = number;
    this.call = call;
  }

  int number() {
    return number;
  }

  /** Such as {@code CUDA_ERROR_OUT_OF_MEMORY}. */
  String errorName() {
    return CUresult.stringFor(number);
  }

  /** The driver's function that said so. */
  String call() {
    return call;
  }

  boolean isOutOfMemory() {
    return number == CUresult.CUDA_ERROR_OUT_OF_MEMORY;
  }

  /** Whether the context is lost: every later call fails, and a new context must be opened. */
  boolean isFatal() {
    return switch (number) {
      case CUresult.CUDA_ERROR_DEINITIALIZED,
          CUresult.CUDA_ERROR_DEVICE_UNAVAILABLE,
          CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
          CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE,
          CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
          CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
          CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED,
          CUresult.CUDA_ERROR_ASSERT,
          CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
          CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
          CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
          CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
          CUresult.CUDA_ERROR_INVALID_PC,
          CUresult.CUDA_ERROR_LAUNCH_FAILED,
          CUresult.CUDA_ERROR_UNKNOWN ->
          true;
      default -> false;
    };
  }
}
