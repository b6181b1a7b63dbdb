package io.fullbore.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
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
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The driver of {@code native/cuda/shim}, which runs the kernels on the processor, in this process,
 * with its controls. Compiled when its sources have changed; a process loads it once, and all test
 * classes share it.
 *
 * <p>{@link CudaDriver#find} finds it too from then on. Its settings and faults last until {@link
 * #reset}.
 */
public final class FakeDriver {
  public static final int INVALID_VALUE = 1;
  public static final int OUT_OF_MEMORY = 2;
  public static final int ILLEGAL_ADDRESS = 700;
  public static final int LAUNCH_FAILED = 719;

  /** An image for {@link CudaContext#load}: every image holds all kernels. */
  static final byte[] IMAGE = new byte[16];

  /** The counts of things that are live. */
  private static final List<String> LIVE =
      List.of("allocations", "pinned", "streams", "events", "graphs", "modules", "contexts");

  private static final Path SOURCES = Path.of("native/cuda");
  private static final Path BUILT = Path.of("target/fake-driver");
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

  private static final class Loaded {
    static final FakeDriver DRIVER = new FakeDriver(built());
  }

  private final SymbolLookup functions;

  @SuppressWarnings("restricted")
  private FakeDriver(Path library) {
    functions = SymbolLookup.libraryLookup(library, Arena.global());
    System.setProperty(CudaDriver.LIBRARY_PROPERTY, library.toString());
  }

  /** The driver, without faults; skips the test where there is no C++ compiler to make it with. */
  public static FakeDriver load() {
    assumeTrue(hasCompiler(), "no g++");
    Loaded.DRIVER.reset();
    return Loaded.DRIVER;
  }

  /** Its functions, as the loader finds them. */
  SymbolLookup functions() {
    return functions;
  }

  /** What the server's search makes of it; skips the test where JCuda uses a real driver. */
  CudaDriver found() {
    long before = calls("cuInit");
    var search = CudaDriver.probe(functions);
    assumeTrue(calls("cuInit") > before, "this process has loaded another driver before");
    return assertInstanceOf(CudaDriver.Search.Found.class, search).driver();
  }

  /** Opens its first device. */
  CudaContext open() {
    CudaDriver driver = found();
    return CudaContext.open(driver, driver.devices().getFirst());
  }

  /** Ends faults, settings and counts. */
  public void reset() {
    call(Object.class, "fake_reset", FunctionDescriptor.ofVoid());
  }

  /** Sets what the driver says of itself: native/cuda/shim/driver.cpp has the names. */
  public void set(String setting, long value) {
    assertEquals(
        1,
        withText(
            Integer.class, "fake_set", setting, FunctionDescriptor.of(INT, LONG, LONG), value));
  }

  /**
   * Lets one call fail.
   *
   * @param function such as {@code cuMemAlloc_v2}, or {@code *} for all
   * @param call which from now on, from 1
   */
  public void fail(String function, long call, int result) {
    withText(
        Object.class,
        "fake_fail",
        function,
        FunctionDescriptor.ofVoid(LONG, LONG, INT),
        call,
        result);
  }

  /** Lets a kernel do nothing, as if it were wrong. */
  public void skip(String kernel) {
    withText(Object.class, "fake_skip", kernel, FunctionDescriptor.ofVoid(LONG));
  }

  /** Loses the device while it runs the kernel number {@code launch} from now on, from 1. */
  public void loseDevice(long launch, int result) {
    call(Object.class, "fake_lose", FunctionDescriptor.ofVoid(LONG, INT), launch, result);
  }

  /** How often a function was called; {@code *} is not counted. */
  public long calls(String function) {
    return withText(Long.class, "fake_calls", function, FunctionDescriptor.of(LONG, LONG));
  }

  /** What is live or was done: native/cuda/shim/driver.cpp has the names. */
  public long count(String name) {
    long count = withText(Long.class, "fake_count", name, FunctionDescriptor.of(LONG, LONG));
    assertNotEquals(-1, count, name);
    return count;
  }

  /** Whether nothing is left of any context, and nothing was left for the driver to free. */
  public void assertNothingLives() {
    var counts = new TreeMap<String, Long>();
    for (String name : LIVE) {
      counts.put(name, count(name));
    }
    counts.values().removeIf(count -> count == 0);
    assertEquals(Map.of(), counts);
    assertEquals(0, count("leaked"), "freed by the driver alone");
  }

  private <T> T withText(
      Class<T> type, String name, String text, FunctionDescriptor descriptor, Object... more) {
    try (Arena arena = Arena.ofConfined()) {
      Object[] arguments = new Object[more.length + 1];
      arguments[0] = arena.allocateFrom(text).address();
      System.arraycopy(more, 0, arguments, 1, more.length);
      return call(type, name, descriptor, arguments);
    }
  }

  @SuppressWarnings("restricted")
  private <T> T call(
      Class<T> type, String name, FunctionDescriptor descriptor, Object... arguments) {
    MemorySegment function = functions.findOrThrow(name);
    try {
      return type.cast(
          Linker.nativeLinker()
              .downcallHandle(function, descriptor)
              .invokeWithArguments(arguments));
    } catch (Throwable e) {
      throw new IllegalStateException(name + " could not be called", e);
    }
  }

  private static boolean hasCompiler() {
    try {
      return new ProcessBuilder("g++", "--version")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The library made of the sources as they are now. */
  private static Path built() {
    try {
      Path folder = BUILT.resolve(hashOfSources()).toAbsolutePath();
      Path library = folder.resolve("libcuda.so.1");
      if (!Files.exists(library)) {
        Files.createDirectories(folder);
        Path made = Files.createTempFile(folder, "making", ".so");
        build(made);
        Files.move(made, library, StandardCopyOption.ATOMIC_MOVE);
      }
      return library;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void build(Path library) throws IOException {
    Process process =
        new ProcessBuilder(SOURCES.resolve("shim/build").toString(), library.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes());
    try {
      assertEquals(0, process.waitFor(), output);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String hashOfSources() throws IOException {
    MessageDigest hash = sha256();
    try (var files = Files.walk(SOURCES)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        hash.update(file.toString().getBytes());
        hash.update(Files.readAllBytes(file));
      }
    }
    return HexFormat.of().formatHex(hash.digest(), 0, 8);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
