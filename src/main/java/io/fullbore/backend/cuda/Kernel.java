package io.fullbore.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** A kernel of a module, as long as the module is loaded. */
final class Kernel {
  private static final MethodHandle PARAMETER_INFO = parameterInfo();

  private final CudaContext context;
  private final String name;
  private final Handles.Function function;

  Kernel(CudaContext context, String name, Handles.Function function) {
    this.context = context;
    this.name = name;
    this.function = function;
  }

  @SuppressWarnings("restricted")
  private static MethodHandle parameterInfo() {
    return Linker.nativeLinker()
        .downcallHandle(
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.ADDRESS,
                ValueLayout.ADDRESS));
  }

  CudaContext context() {
    return context;
  }

  String name() {
    return name;
  }

  long address() {
    return function.address();
  }

  /**
   * Lets launches have up to {@code bytes} of dynamic shared memory; without, they have up to 48
   * KiB.
   */
  Kernel allowSharedBytes(int bytes) {
    context.check(
        JCudaDriver.cuFuncSetAttribute(
            function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes),
        "cuFuncSetAttribute",
        "%s sharedBytes=%d".formatted(name, bytes));
    return this;
  }

  /** Begins a launch: its parameters in order, then grid and block. */
  Launch.Builder prepare() {
    return new Launch.Builder(this);
  }

  /**
   * Checks parameters against the kernel, where the driver knows it.
   *
   * @param sizes bytes of each
   * @throws IllegalArgumentException when they are not the kernel's
   */
  void requireParameters(long[] sizes) {
    Optional<MemorySegment> info = context.driver().parameterInfo();
    if (info.isEmpty()) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment offset = arena.allocate(ValueLayout.JAVA_LONG);
      MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
      for (int i = 0; i <= sizes.length; i++) {
        int result = parameterInfo(info.get(), i, offset, size);
        boolean exists = result != CUresult.CUDA_ERROR_INVALID_VALUE; // which ends the list
        if (exists) {
          context.check(result, "cuFuncGetParamInfo", name);
        }
        if (exists != i < sizes.length) {
          throw new IllegalArgumentException(
              "kernel=%s was given parameterCount=%d, but it has %s"
                  .formatted(name, sizes.length, exists ? "more" : "only " + i));
        }
        if (exists && size.get(ValueLayout.JAVA_LONG, 0) != sizes[i]) {
          throw new IllegalArgumentException(
              "kernel=%s parameter=%d has bytes=%d, not %d"
                  .formatted(name, i, size.get(ValueLayout.JAVA_LONG, 0), sizes[i]));
        }
      }
    }
  }

  private int parameterInfo(
      MemorySegment info, long index, MemorySegment offset, MemorySegment size) {
    try {
      return (int) PARAMETER_INFO.invokeExact(info, function.address(), index, offset, size);
    } catch (Throwable e) {
      throw new IllegalStateException("cuFuncGetParamInfo could not be called", e);
    }
  }
}
