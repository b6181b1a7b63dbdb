package io.fullbore.backend.cpu;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * The compiled kernels of this process: which of them the processor runs.
 *
 * <pre>
 *   linux-amd64/libfullbore-cpu-probe.so          says the processor's level; runs on every processor
 *   linux-amd64/libfullbore-cpu-avx512_bf16.so    one library per instruction set
 *   linux-amd64/libfullbore-cpu-avx512.so
 *   linux-amd64/libfullbore-cpu-avx2.so
 * </pre>
 *
 * <p>Safe for many threads. A library is loaded once.
 */
final class KernelLibrary {
  private static final List<String> PLATFORMS = List.of("linux-amd64", "linux-aarch64");
  private static final String PROBE = "libfullbore-cpu-probe.so";

  /** What a search for kernels found. */
  sealed interface Search {
    record Found(Kernels kernels) implements Search {}

    /**
     * @param reason why there are none, for people
     */
    record Missing(String reason) implements Search {}
  }

  private static final class InJar {
    static final KernelLibrary LIBRARY = of(platform());

    private static KernelLibrary of(String platform) {
      return new KernelLibrary(platform, new KernelFiles.InJar(platform));
    }

    private static String platform() {
      String system = System.getProperty("os.name").toLowerCase(Locale.ROOT).replace(' ', '-');
      return system + "-" + System.getProperty("os.arch");
    }
  }

  private final String platform;
  private final KernelFiles files;
  private final Map<InstructionSet, Kernels> loaded = new EnumMap<>(InstructionSet.class);
  private int level = -1; // the probe's answer, or -1 before it was asked

  KernelLibrary(String platform, KernelFiles files) {
    this.platform = platform;
    this.files = files;
  }

  /** The kernels in this jar, for the processor that runs it. */
  static KernelLibrary inJar() {
    return InJar.LIBRARY;
  }

  /** The fastest kernels that run here. */
  Search fastest() {
    return find(null);
  }

  /** The kernels of one instruction set. */
  Search of(InstructionSet instructionSet) {
    return find(instructionSet);
  }

  private synchronized Search find(@Nullable InstructionSet wanted) {
    if (!PLATFORMS.contains(platform)) {
      return new Search.Missing("no C kernels for " + platform);
    }
    if (!files.has(PROBE)) {
      return new Search.Missing("the jar was built without a C compiler for " + platform);
    }
    try {
      List<InstructionSet> running = InstructionSet.runningOn(platform, processorLevel());
      if (running.isEmpty()) {
        return new Search.Missing("the processor lacks AVX2");
      }
      if (wanted != null && !running.contains(wanted)) {
        return new Search.Missing("the processor lacks %s; it has %s".formatted(wanted, running));
      }
      List<InstructionSet> candidates = wanted == null ? running : List.of(wanted);
      for (InstructionSet candidate : candidates) {
        if (files.has(candidate.libraryName())) {
          return new Search.Found(kernels(candidate));
        }
      }
      return new Search.Missing("the jar has no kernels for " + candidates);
    } catch (IOException | NoSuchElementException e) {
      return new Search.Missing("the C kernels cannot be loaded: " + e.getMessage());
    }
  }

  private Kernels kernels(InstructionSet instructionSet) throws IOException {
    Kernels kernels = loaded.get(instructionSet);
    if (kernels == null) {
      kernels = new Kernels(instructionSet, files.load(instructionSet.libraryName()));
      loaded.put(instructionSet, kernels);
    }
    return kernels;
  }

  private int processorLevel() throws IOException {
    if (level < 0) {
      level = call(files.load(PROBE).findOrThrow("fb_level"));
    }
    return level;
  }

  @SuppressWarnings("restricted")
  private static int call(MemorySegment function) {
    try {
      return (int)
          Linker.nativeLinker()
              .downcallHandle(FunctionDescriptor.of(ValueLayout.JAVA_INT))
              .invokeExact(function);
    } catch (Throwable e) {
      throw new IllegalStateException("fb_level could not be called", e);
    }
  }
}
