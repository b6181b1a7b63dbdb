package io.fullbore.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;

/**
 * A kernel with its parameters, ready to be launched again and again for the price of one call.
 * Used by the engine thread.
 *
 * <p>Parameters lie in native memory as {@code cuLaunchKernel} takes them. The driver copies them
 * at the call, so they and the grid may be changed before the next launch.
 *
 * <pre>
 *   addresses   [parameter]   8 bytes each, where its value lies
 *   values      [parameter]   each from a multiple of 16 bytes on
 * </pre>
 */
final class Launch {
  private static final long VALUE_ALIGNMENT = 16; // CUDA's largest

  private static final MethodHandle LAUNCH = launcher();

  private final Kernel kernel;
  private final MemorySegment function; // cuLaunchKernel
  private final long kernelAddress;
  private final long addresses;
  private final MemorySegment[] values; // [parameter]
  private final int blockX;
  private final int blockY;
  private final int blockZ;
  private final int sharedBytes;
  private int gridX;
  private int gridY;
  private int gridZ;

  private Launch(Builder builder) {
    kernel = builder.kernel;
    function = kernel.context().driver().launch();
    kernelAddress = kernel.address();
    gridX = builder.gridX;
    gridY = builder.gridY;
    gridZ = builder.gridZ;
    blockX = builder.blockX;
    blockY = builder.blockY;
    blockZ = builder.blockZ;
    sharedBytes = builder.sharedBytes;
    values = new MemorySegment[builder.values.size()];
    addresses = place(builder.values);
  }

  /** Copies the values to one piece of memory, which lives as long as this. */
  private long place(List<MemorySegment> source) {
    long tableBytes = align(source.size() * ValueLayout.ADDRESS.byteSize());
    long bytes = tableBytes;
    for (MemorySegment value : source) {
      bytes += align(value.byteSize());
    }
    MemorySegment memory = Arena.ofAuto().allocate(bytes, VALUE_ALIGNMENT);
    long offset = tableBytes;
    for (int i = 0; i < values.length; i++) {
      MemorySegment value = source.get(i);
      values[i] = memory.asSlice(offset, value.byteSize()).copyFrom(value);
      memory.setAtIndex(ValueLayout.JAVA_LONG, i, values[i].address());
      offset += align(value.byteSize());
    }
    return memory.address();
  }

  private static long align(long bytes) {
    return (bytes + VALUE_ALIGNMENT - 1) & -VALUE_ALIGNMENT;
  }

  @SuppressWarnings("restricted")
  private static MethodHandle launcher() {
    return Linker.nativeLinker()
        .downcallHandle(
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG, // kernel
                ValueLayout.JAVA_INT, // grid
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT, // block
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT, // shared bytes
                ValueLayout.JAVA_LONG, // stream
                ValueLayout.JAVA_LONG, // parameters
                ValueLayout.JAVA_LONG)); // the other way to pass them
  }

  /** What a launch is made of. Parameters are added in the order of the kernel's. */
  static final class Builder {
    private final Kernel kernel;
    private final List<MemorySegment> values = new ArrayList<>();
    private int gridX = 1;
    private int gridY = 1;
    private int gridZ = 1;
    private int blockX = 1;
    private int blockY = 1;
    private int blockZ = 1;
    private int sharedBytes;

    Builder(Kernel kernel) {
      this.kernel = kernel;
    }

    Builder address(long value) {
      return int64(value);
    }

    Builder address(DeviceMemory memory) {
      return int64(memory.address());
    }

    Builder int32(int value) {
      return add(MemorySegment.ofArray(new int[] {value}));
    }

    Builder int64(long value) {
      return add(MemorySegment.ofArray(new long[] {value}));
    }

    Builder float32(float value) {
      return add(MemorySegment.ofArray(new float[] {value}));
    }

    /** A structure as the compiler lays it out, padding at its end included. */
    Builder struct(MemorySegment bytes) {
      MemorySegment copy = MemorySegment.ofArray(new byte[Math.toIntExact(bytes.byteSize())]);
      return add(copy.copyFrom(bytes));
    }

    private Builder add(MemorySegment value) {
      values.add(value);
      return this;
    }

    /** Blocks; one unless set. */
    Builder grid(int x, int y, int z) {
      gridX = x;
      gridY = y;
      gridZ = z;
      return this;
    }

    /** Threads per block. */
    Builder block(int x, int y, int z) {
      blockX = x;
      blockY = y;
      blockZ = z;
      return this;
    }

    Builder block(int x) {
      return block(x, 1, 1);
    }

    /** Dynamic shared memory of a block. */
    Builder sharedBytes(int bytes) {
      sharedBytes = bytes;
      return this;
    }

    /**
     * @throws IllegalArgumentException when the parameters are not the kernel's
     */
    Launch build() {
      kernel.requireParameters(values.stream().mapToLong(MemorySegment::byteSize).toArray());
      return new Launch(this);
    }
  }

  Kernel kernel() {
    return kernel;
  }

  /** The blocks of launches from now on. */
  Launch grid(int x, int y, int z) {
    gridX = x;
    gridY = y;
    gridZ = z;
    return this;
  }

  /** The value of a parameter, to be changed in place. */
  MemorySegment parameter(int index) {
    return values[index];
  }

  Launch setAddress(int index, long value) {
    return setInt64(index, value);
  }

  Launch setInt32(int index, int value) {
    values[index].set(ValueLayout.JAVA_INT, 0, value);
    return this;
  }

  Launch setInt64(int index, long value) {
    values[index].set(ValueLayout.JAVA_LONG, 0, value);
    return this;
  }

  Launch setFloat32(int index, float value) {
    values[index].set(ValueLayout.JAVA_FLOAT, 0, value);
    return this;
  }

  /**
   * Appends the kernel to a stream.
   *
   * @throws CudaException when the launch is not possible, or when earlier work has failed
   */
  void launch(CudaStream stream) {
    int result;
    try {
      result =
          (int)
              LAUNCH.invokeExact(
                  function,
                  kernelAddress,
                  gridX,
                  gridY,
                  gridZ,
                  blockX,
                  blockY,
                  blockZ,
                  sharedBytes,
                  stream.address(),
                  addresses,
                  0L);
    } catch (Throwable e) {
      throw new IllegalStateException("cuLaunchKernel could not be called", e);
    } finally {
      Reference.reachabilityFence(this); // which keeps the parameters' memory
    }
    kernel.context().check(result, "cuLaunchKernel", kernel.name());
  }
}
