package io.fullbore.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fullbore.backend.cpu.KernelLibrary.Search;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which kernels are found, with libraries whose functions are written here. */
class KernelLibraryTest {
  private static final String PROBE = "libfullbore-cpu-probe.so";
  private static final String AVX2 = "libfullbore-cpu-avx2.so";
  private static final String AVX512 = "libfullbore-cpu-avx512.so";
  private static final String BF16 = "libfullbore-cpu-avx512_bf16.so";

  /** Libraries whose functions all return one number. */
  private record Answering(int level, Set<String> names) implements KernelFiles {
    @Override
    public boolean has(String name) {
      return names.contains(name);
    }

    @Override
    public SymbolLookup load(String name) {
      return symbol -> Optional.of(function(level));
    }

    @SuppressWarnings("restricted")
    private static MemorySegment function(int answer) {
      return Linker.nativeLinker()
          .upcallStub(
              MethodHandles.constant(int.class, answer),
              FunctionDescriptor.of(ValueLayout.JAVA_INT),
              Arena.global());
    }
  }

  private static KernelLibrary library(int level, String... names) {
    return new KernelLibrary("linux-amd64", new Answering(level, Set.of(names)));
  }

  private static String reason(Search search) {
    return assertInstanceOf(Search.Missing.class, search).reason();
  }

  private static InstructionSet found(Search search) {
    return assertInstanceOf(Search.Found.class, search).kernels().instructionSet();
  }

  @Test
  void takesTheFastestThatTheProcessorRuns() {
    assertEquals(
        InstructionSet.AVX512_BF16, found(library(3, PROBE, AVX2, AVX512, BF16).fastest()));
    assertEquals(InstructionSet.AVX512, found(library(2, PROBE, AVX2, AVX512, BF16).fastest()));
    assertEquals(InstructionSet.AVX512, found(library(3, PROBE, AVX2, AVX512).fastest()));
    assertEquals(InstructionSet.AVX2, found(library(1, PROBE, AVX2, AVX512).fastest()));
    assertEquals(InstructionSet.AVX2, found(library(2, PROBE, AVX2).fastest()));
  }

  @Test
  void takesTheInstructionSetThatIsAskedFor() {
    KernelLibrary library = library(2, PROBE, AVX2, AVX512);
    assertEquals(InstructionSet.AVX2, found(library.of(InstructionSet.AVX2)));
    assertEquals(
        "the processor lacks neon; it has [avx512, avx2]", reason(library.of(InstructionSet.NEON)));
    assertEquals(
        "the processor lacks avx512; it has [avx2]",
        reason(library(1, PROBE, AVX2, AVX512).of(InstructionSet.AVX512)));
  }

  @Test
  void saysWhyThereAreNone() {
    assertEquals(
        "no C kernels for windows-11-amd64",
        reason(new KernelLibrary("windows-11-amd64", new Answering(2, Set.of(PROBE))).fastest()));
    assertEquals(
        "the jar was built without a C compiler for linux-amd64", reason(library(2).fastest()));
    assertEquals("the processor lacks AVX2", reason(library(0, PROBE, AVX2, AVX512).fastest()));
    assertEquals("the jar has no kernels for [avx512, avx2]", reason(library(2, PROBE).fastest()));
  }

  @Test
  void aLibraryThatCannotBeLoadedIsAReason() {
    KernelFiles broken =
        new KernelFiles() {
          @Override
          public boolean has(String name) {
            return true;
          }

          @Override
          public SymbolLookup load(String name) throws IOException {
            throw new IOException("no room");
          }
        };
    assertEquals(
        "the C kernels cannot be loaded: no room",
        reason(new KernelLibrary("linux-amd64", broken).fastest()));
  }

  @Test
  void aLibraryThatLacksAFunctionIsAReason() {
    KernelFiles incomplete =
        new KernelFiles() {
          @Override
          public boolean has(String name) {
            return true;
          }

          @Override
          public SymbolLookup load(String name) {
            return symbol ->
                symbol.equals("fb_attend") ? Optional.empty() : Optional.of(Answering.function(2));
          }
        };
    String reason = reason(new KernelLibrary("linux-amd64", incomplete).fastest());
    assertTrue(reason.contains("fb_attend"), reason);
  }

  @Test
  void leavesNoFileBehind() throws IOException {
    assumeTrue(KernelLibrary.inJar().fastest() instanceof Search.Found, "no kernels here");
    try (var maps = Files.lines(Path.of("/proc/self/maps"))) {
      var files =
          maps.filter(line -> line.contains("libfullbore-cpu"))
              .map(line -> line.substring(line.indexOf('/')))
              .toList();
      assertFalse(files.isEmpty());
      files.forEach(file -> assertTrue(file.endsWith("(deleted)"), file));
    }
  }
}
