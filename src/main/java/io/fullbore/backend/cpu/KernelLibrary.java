package io.fullbore.backend.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The compiled kernels in the jar: which of them this processor runs, and their loading.
 *
 * <pre>
 *   linux-amd64/libfullbore-cpu-probe.so     says the processor's level; runs on every processor
 *   linux-amd64/libfullbore-cpu-avx512.so    one library per instruction set
 *   linux-amd64/libfullbore-cpu-avx2.so
 * </pre>
 *
 * <p>A library is copied to a private file, which is deleted as soon as it is loaded; it stays
 * loaded as long as the process runs. Safe for many threads.
 */
final class KernelLibrary {
  private static final List<String> PLATFORMS = List.of("linux-amd64", "linux-aarch64");
  private static final String PROBE = "libfullbore-cpu-probe.so";

  /** Where the files come from: the jar, or a test's. */
  interface Source {
    /** Null where there is no such file. */
    @Nullable InputStream open(String path);
  }

  /** What a search for kernels found. */
  sealed interface Search {
    record Found(Kernels kernels) implements Search {}

    /**
     * @param reason why there are none, for people
     */
    record Missing(String reason) implements Search {}
  }

  private final String architecture;
  private final String platform;
  private final Source source;
  private final Map<InstructionSet, Kernels> loaded = new EnumMap<>(InstructionSet.class);
  private int level = -1; // the probe's answer, or -1 before it was asked

  KernelLibrary(String osName, String architecture, Source source) {
    this.architecture = architecture;
    this.source = source;
    platform = osName.toLowerCase(Locale.ROOT) + "-" + architecture;
  }

  /** The kernels in this jar, for the processor that runs it. */
  static KernelLibrary inJar() {
    return InJar.LIBRARY;
  }

  private static final class InJar {
    static final KernelLibrary LIBRARY =
        new KernelLibrary(
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            KernelLibrary.class::getResourceAsStream);
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
    if (!has(PROBE)) {
      return new Search.Missing(
          "the jar was built without a C compiler, or on another platform than " + platform);
    }
    try {
      List<InstructionSet> running = InstructionSet.runningOn(architecture, processorLevel());
      if (running.isEmpty()) {
        return new Search.Missing("the processor lacks AVX2 and what goes with it");
      }
      if (wanted != null && !running.contains(wanted)) {
        return new Search.Missing("the processor lacks %s; it has %s".formatted(wanted, running));
      }
      for (InstructionSet candidate : wanted == null ? running : List.of(wanted)) {
        if (has(candidate.libraryName())) {
          return new Search.Found(kernels(candidate));
        }
      }
      return new Search.Missing(
          "the jar has no kernels for " + (wanted == null ? running : wanted));
    } catch (IOException e) {
      return new Search.Missing("the C kernels cannot be loaded: " + e.getMessage());
    }
  }

  private Kernels kernels(InstructionSet instructionSet) throws IOException {
    Kernels kernels = loaded.get(instructionSet);
    if (kernels == null) {
      kernels = new Kernels(instructionSet, load(instructionSet.libraryName()));
      loaded.put(instructionSet, kernels);
    }
    return kernels;
  }

  private int processorLevel() throws IOException {
    if (level < 0) {
      level = callLevel(load(PROBE).findOrThrow("fb_level"));
    }
    return level;
  }

  @SuppressWarnings("restricted")
  private static int callLevel(MemorySegment function) {
    try {
      return (int)
          Linker.nativeLinker()
              .downcallHandle(FunctionDescriptor.of(ValueLayout.JAVA_INT))
              .invokeExact(function);
    } catch (Throwable e) {
      throw new IllegalStateException("fb_level could not be called", e);
    }
  }

  private boolean has(String name) {
    try (InputStream file = open(name)) {
      return file != null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private @Nullable InputStream open(String name) {
    return source.open(platform + "/" + name);
  }

  /**
   * @throws IOException when there is no place for the file, or nothing there may be executed
   */
  @SuppressWarnings("restricted")
  private SymbolLookup load(String name) throws IOException {
    Path folder = Files.createTempDirectory("fullbore"); // readable by this user alone
    Path file = folder.resolve(name);
    try (InputStream bytes = open(name)) {
      if (bytes == null) {
        throw new IOException("file=%s is not in the jar".formatted(name));
      }
      Files.copy(bytes, file, StandardCopyOption.REPLACE_EXISTING);
      return SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "%s: %s; java.io.tmpdir must be a folder whose files may be executed"
              .formatted(file, e.getMessage()),
          e);
    } finally {
      Files.deleteIfExists(file);
      Files.delete(folder);
    }
  }
}
