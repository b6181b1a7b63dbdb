package io.fullbore.backend.cuda;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * The use of one GPU: memory, streams, modules. Opened, used and closed by the engine thread, for
 * which the context is current.
 *
 * <p>It owns all that is made through it. Closing it frees what is still live, last made first, so
 * whoever fails half way through making things only has to close the context. After an error that
 * is {@linkplain CudaException#isFatal fatal} nothing works any more but {@link #close}.
 */
final class CudaContext implements AutoCloseable {
  /** Something that a context made and frees. */
  interface Resource extends AutoCloseable {
    /** Frees it; nothing happens the second time. */
    @Override
    void close();
  }

  /**
   * The device's memory, of all processes.
   *
   * @param freeBytes that an allocation may still get
   */
  record MemoryInfo(long freeBytes, long totalBytes) {}

  private final CudaDriver driver;
  private final CudaDevice device;
  private final CUdevice handle;
  private final CUcontext context = new CUcontext();
  private final Set<Resource> resources = new LinkedHashSet<>(); // in the order they were made
  private boolean lost;
  private boolean closed;

  private CudaContext(CudaDriver driver, CudaDevice device) {
    this.driver = driver;
    this.device = device;
    handle = device.handle();
  }

  /**
   * Opens a device for the calling thread.
   *
   * @throws CudaException when the device cannot be used, out of memory included
   */
  static CudaContext open(CudaDriver driver, CudaDevice device) {
    CudaContext context = new CudaContext(driver, device);
    context.check(
        JCudaDriver.cuDevicePrimaryCtxRetain(context.context, context.handle),
        "cuDevicePrimaryCtxRetain",
        device.name());
    try {
      context.makeCurrent();
      return context;
    } catch (CudaException e) {
      JCudaDriver.cuDevicePrimaryCtxRelease(context.handle);
      throw e;
    }
  }

  CudaDriver driver() {
    return driver;
  }

  CudaDevice device() {
    return device;
  }

  /** Lets the calling thread use this context from now on. */
  void makeCurrent() {
    check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent", "");
  }

  /**
   * New device memory, whose content is arbitrary.
   *
   * @throws CudaException that is out of memory when there are no {@code bytes}
   */
  DeviceMemory allocate(long bytes) {
    return own(new DeviceMemory(this, bytes));
  }

  /** New memory of the host that the device copies from and to without the processor's help. */
  PinnedMemory allocatePinned(long bytes) {
    return own(new PinnedMemory(this, bytes));
  }

  /** A stream that does not wait for others of its own accord. */
  CudaStream newStream() {
    return own(new CudaStream(this));
  }

  /** An event to wait for. */
  CudaEvent newEvent() {
    return own(new CudaEvent(this, false));
  }

  /** An event that knows when it happened. */
  CudaEvent newTimer() {
    return own(new CudaEvent(this, true));
  }

  /**
   * Loads kernels.
   *
   * @param image a fat binary, see {@link KernelImage}
   * @throws CudaException when it has none for this device
   */
  CudaModule load(byte[] image) {
    return own(new CudaModule(this, image));
  }

  MemoryInfo memory() {
    long[] freeBytes = new long[1];
    long[] totalBytes = new long[1];
    check(JCudaDriver.cuMemGetInfo(freeBytes, totalBytes), "cuMemGetInfo", "");
    return new MemoryInfo(freeBytes[0], totalBytes[0]);
  }

  /** How many pieces of device memory and of pinned memory have not been freed. */
  int liveAllocations() {
    int count = 0;
    for (Resource resource : resources) {
      if (resource instanceof DeviceMemory || resource instanceof PinnedMemory) {
        count++;
      }
    }
    return count;
  }

  /** Whether an error took the context away. */
  boolean isLost() {
    return lost;
  }

  /** Takes on what was made outside, to free it with the rest. */
  <T extends Resource> T own(T resource) {
    resources.add(resource);
    return resource;
  }

  /** Lets go of what is being freed; whether it was still owned. */
  boolean disown(Resource resource) {
    return resources.remove(resource);
  }

  /**
   * Every call's result comes by here, on the way to whoever made the call.
   *
   * @throws CudaException unless it is success
   */
  void check(int result, String call, String subject) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw failed(result, call, subject);
    }
  }

  /** The same of a call that frees something: a lost context has said what there is to say. */
  void checkFreed(int result, String call) {
    if (!lost) {
      check(result, call, "");
    }
  }

  private CudaException failed(int result, String call, String subject) {
    CudaException e = new CudaException(result, call, subject);
    lost |= e.isFatal();
    return e;
  }

  /**
   * Frees everything and the context itself.
   *
   * @throws CudaException with the first error, after all has been freed; none when the context was
   *     lost before
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    @Nullable CudaException first = after(null, this::makeCurrent);
    List<Resource> remaining = new ArrayList<>(resources);
    for (Resource resource : remaining.reversed()) {
      first = after(first, resource::close);
    }
    first =
        after(
            first,
            () ->
                checkFreed(
                    JCudaDriver.cuDevicePrimaryCtxRelease(handle), "cuDevicePrimaryCtxRelease"));
    if (first != null) {
      throw first;
    }
  }

  private @Nullable CudaException after(@Nullable CudaException first, Runnable step) {
    boolean lostBefore = lost;
    try {
      step.run();
      return first;
    } catch (CudaException e) {
      return first == null && !lostBefore ? e : first;
    }
  }
}
