package io.fullbore.backend.cuda;

import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUstream;

/** JCuda's handles together with the addresses in them, which JCuda shows to subclasses alone. */
final class Handles {
  private Handles() {}

  static final class Stream extends CUstream {
    long address() {
      return getNativePointer();
    }
  }

  static final class Function extends CUfunction {
    long address() {
      return getNativePointer();
    }
  }

  /** An address of the device's memory. */
  static final class Device extends CUdeviceptr {
    private static final CUdeviceptr ZERO = new CUdeviceptr();

    /** For JCuda to write to. */
    Device() {}

    Device(long address) {
      super(ZERO, address);
    }

    long address() {
      return getNativePointer() + getByteOffset();
    }
  }

  /** An address of the host's memory outside the Java heap. */
  static final class Host extends Pointer {
    Host(long address) {
      super(address);
    }

    long address() {
      return getNativePointer();
    }
  }
}
