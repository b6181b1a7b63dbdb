package io.fullbore.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * NVIDIA's driver on this machine, found and initialized, and the GPUs it knows.
 *
 * <p>It is probed in an order in which nothing can end the process: the library is loaded, every
 * function that is ever called is looked up in it, and only then JCuda is loaded, which aborts at
 * the first call of a function that the driver lacks. JCuda's library finds the driver by the name
 * {@code libcuda.so.1} of what is loaded already, so a file with another name but that soname works
 * as well. A process has one driver.
 */
final class CudaDriver {
  /** The system property that names another file than {@code libcuda.so.1}. */
  static final String LIBRARY_PROPERTY = "fullbore.cuda.driver";

  /** The environment variable that does so where the property is not set. */
  static final String LIBRARY_VARIABLE = "FULLBORE_CUDA_DRIVER";

  private static final String LIBRARY = "libcuda.so.1";
  private static final int MIN_VERSION = 12_000; // 1000 * major + 10 * minor
  private static final String LAUNCH = "cuLaunchKernel";
  private static final String HOST_ALLOC = "cuMemHostAlloc";
  private static final String PARAMETER_INFO = "cuFuncGetParamInfo"; // since 12.4

  /** All that this package calls, as JCuda's library names it. */
  private static final List<String> FUNCTIONS =
      List.of(
          "cuCtxSetCurrent",
          "cuDeviceGet",
          "cuDeviceGetAttribute",
          "cuDeviceGetCount",
          "cuDeviceGetName",
          "cuDevicePrimaryCtxRelease_v2",
          "cuDevicePrimaryCtxRetain",
          "cuDeviceTotalMem_v2",
          "cuDriverGetVersion",
          "cuEventCreate",
          "cuEventDestroy_v2",
          "cuEventElapsedTime",
          "cuEventQuery",
          "cuEventRecord",
          "cuEventSynchronize",
          "cuFuncSetAttribute",
          "cuGraphDestroy",
          "cuGraphExecDestroy",
          "cuGraphInstantiateWithFlags",
          "cuGraphLaunch",
          "cuInit",
          LAUNCH,
          "cuMemAlloc_v2",
          "cuMemFreeHost",
          "cuMemFree_v2",
          "cuMemGetInfo_v2",
          HOST_ALLOC,
          "cuMemcpyDtoDAsync_v2",
          "cuMemcpyDtoHAsync_v2",
          "cuMemcpyHtoDAsync_v2",
          "cuMemsetD8Async",
          "cuModuleGetFunction",
          "cuModuleLoadData",
          "cuModuleUnload",
          "cuStreamBeginCapture_v2",
          "cuStreamCreate",
          "cuStreamDestroy_v2",
          "cuStreamEndCapture",
          "cuStreamQuery",
          "cuStreamSynchronize",
          "cuStreamWaitEvent");

  /** What a search for the driver found. */
  sealed interface Search {
    record Found(CudaDriver driver) implements Search {}

    /**
     * @param reason why there is none that serves, for people
     */
    record Missing(String reason) implements Search {}
  }

  private final int version;
  private final List<CudaDevice> devices;
  private final MemorySegment launch;
  private final MemorySegment hostAlloc;
  private final @Nullable MemorySegment parameterInfo;

  private CudaDriver(int version, List<CudaDevice> devices, SymbolLookup functions) {
    this.version = version;
    this.devices = devices;
    launch = functions.findOrThrow(LAUNCH);
    hostAlloc = functions.findOrThrow(HOST_ALLOC);
    parameterInfo = functions.find(PARAMETER_INFO).orElse(null);
  }

  /** Probes this machine's driver, or the one that the property or the variable names. */
  static Search find() {
    String named = System.getProperty(LIBRARY_PROPERTY, System.getenv(LIBRARY_VARIABLE));
    return probe(named == null ? LIBRARY : named);
  }

  /**
   * @param library a file, or a name that the system's loader knows
   */
  @SuppressWarnings("restricted")
  static Search probe(String library) {
    SymbolLookup functions;
    try {
      functions =
          library.contains("/")
              ? SymbolLookup.libraryLookup(Path.of(library), Arena.global())
              : SymbolLookup.libraryLookup(library, Arena.global());
    } catch (IllegalArgumentException e) {
      return new Search.Missing("no NVIDIA driver (%s cannot be loaded)".formatted(library));
    }
    return probe(functions);
  }

  /**
   * @param functions of a driver's library that stays loaded as long as the process runs
   */
  static Search probe(SymbolLookup functions) {
    var lacking = new ArrayList<String>();
    for (String function : FUNCTIONS) {
      if (functions.find(function).isEmpty()) {
        lacking.add(function);
      }
    }
    if (!lacking.isEmpty()) {
      return new Search.Missing("the NVIDIA driver lacks " + String.join(", ", lacking));
    }
    Optional<String> unloadable = JCudaLibrary.load();
    if (unloadable.isPresent()) {
      return new Search.Missing(unloadable.get());
    }
    return initialize(functions);
  }

  private static Search initialize(SymbolLookup functions) {
    int[] version = new int[1];
    int result = JCudaDriver.cuDriverGetVersion(version);
    if (result != CUresult.CUDA_SUCCESS) {
      return broken(new CudaException(result, "cuDriverGetVersion", ""));
    }
    if (version[0] < MIN_VERSION) {
      return new Search.Missing(
          "driver too old: CUDA %s, needs %s"
              .formatted(versionText(version[0]), versionText(MIN_VERSION)));
    }
    result = JCudaDriver.cuInit(0);
    if (result == CUresult.CUDA_ERROR_NO_DEVICE) {
      return new Search.Missing("no GPU");
    }
    if (result != CUresult.CUDA_SUCCESS) {
      return broken(new CudaException(result, "cuInit", ""));
    }
    int[] count = new int[1];
    result = JCudaDriver.cuDeviceGetCount(count);
    if (result != CUresult.CUDA_SUCCESS) {
      return broken(new CudaException(result, "cuDeviceGetCount", ""));
    }
    if (count[0] == 0) {
      return new Search.Missing("no GPU");
    }
    try {
      List<CudaDevice> devices = IntStream.range(0, count[0]).mapToObj(CudaDevice::of).toList();
      return new Search.Found(new CudaDriver(version[0], devices, functions));
    } catch (CudaException e) {
      return broken(e);
    }
  }

  private static Search broken(CudaException e) {
    return new Search.Missing("the NVIDIA driver does not work: " + e.getMessage());
  }

  private static String versionText(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  /** The newest CUDA that it serves, such as 12.6. */
  String versionText() {
    return versionText(version);
  }

  /** All GPUs, by ordinal; at least one. */
  List<CudaDevice> devices() {
    return devices;
  }

  /** The function {@code cuLaunchKernel}. */
  MemorySegment launch() {
    return launch;
  }

  /** The function {@code cuMemHostAlloc}. */
  MemorySegment hostAlloc() {
    return hostAlloc;
  }

  /** The function {@code cuFuncGetParamInfo}, which old drivers lack. */
  Optional<MemorySegment> parameterInfo() {
    return Optional.ofNullable(parameterInfo);
  }
}
