package io.fullbore.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Runs the kernels of {@code native/cuda/shim/test_kernels.cu}. */
class LaunchTest {
  private static final int COUNT = 100;

  private FakeDriver fake;
  private CudaContext context;
  private CudaStream stream;
  private CudaModule module;
  private DeviceMemory x;
  private DeviceMemory y;
  private MemorySegment host;

  @BeforeEach
  void open() {
    fake = FakeDriver.load();
    context = fake.open();
    stream = context.newStream();
    module = context.load(FakeDriver.IMAGE);
    x = context.allocate(COUNT * Float.BYTES);
    y = context.allocate(COUNT * Float.BYTES);
    host = context.allocatePinned(COUNT * Float.BYTES).segment();
    for (int i = 0; i < COUNT; i++) {
      host.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
    }
    stream.upload(x, 0, host);
    stream.synchronize();
  }

  @AfterEach
  void nothingIsLeft() {
    context.close();
    fake.assertNothingLives();
    fake.reset();
  }

  /** The C structure ScaleBy. */
  private static MemorySegment scaleBy(Arena arena, float factor, int offset) {
    MemorySegment by = arena.allocate(16, 8);
    by.set(ValueLayout.JAVA_FLOAT, 0, factor);
    by.set(ValueLayout.JAVA_INT, 4, offset);
    return by;
  }

  private Launch scale(float factor, int offset) {
    try (Arena arena = Arena.ofConfined()) {
      return module
          .kernel("test_scale")
          .prepare()
          .address(x)
          .address(y.address())
          .int32(COUNT)
          .struct(scaleBy(arena, factor, offset))
          .grid(4, 1, 1)
          .block(32)
          .build();
    }
  }

  private float[] result() {
    stream.download(host, y, 0);
    stream.synchronize();
    return host.toArray(ValueLayout.JAVA_FLOAT);
  }

  private static float[] scaled(float factor, int offset) {
    float[] values = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      values[i] = i * factor + offset;
    }
    return values;
  }

  @Test
  void passesParametersToTheKernel() {
    scale(2, 3).launch(stream);
    assertArrayEquals(scaled(2, 3), result());
    assertEquals(1, fake.count("launches"));
  }

  @Test
  void passesEveryTypeOfParameter() {
    module
        .kernel("test_mix")
        .prepare()
        .address(y)
        .int32(-7)
        .float32(0.5f)
        .int64(1L << 40)
        .build()
        .launch(stream);
    result();
    assertEquals((1L << 40) - 6.5, host.get(ValueLayout.JAVA_DOUBLE, 0));
  }

  @Test
  void parametersAndGridChangeBetweenLaunches() {
    Launch launch = scale(2, 3);
    stream.fill(y, 0, y.bytes(), (byte) 0);
    launch.grid(1, 1, 1).launch(stream);
    launch.parameter(3).set(ValueLayout.JAVA_FLOAT, 0, 5); // after the call that copied it
    launch.setInt32(2, 0).grid(4, 1, 1).launch(stream);
    float[] first = result();
    assertEquals(31 * 2 + 3, first[31]);
    assertEquals(0, first[32]);
    launch.setInt32(2, COUNT).setAddress(1, y.address()).launch(stream);
    assertArrayEquals(scaled(5, 3), result());
  }

  @Test
  void aGraphKeepsTheParametersOfItsCapture() {
    Launch launch = scale(2, 3);
    CudaGraph graph = stream.capture(() -> launch.launch(stream));
    launch.setInt32(2, 0);
    for (int i = 0; i < 3; i++) {
      stream.fill(y, 0, y.bytes(), (byte) 0);
      graph.launch(stream);
      assertArrayEquals(scaled(2, 3), result());
    }
    assertEquals(3, fake.count("launches"));
    assertEquals(1, fake.calls("cuLaunchKernel"));
  }

  @Test
  void aBlockSharesMemory() {
    int threads = 50;
    module
        .kernel("test_sum")
        .prepare()
        .address(x)
        .address(y)
        .grid(2, 1, 1)
        .block(threads)
        .sharedBytes(threads * Float.BYTES)
        .build()
        .launch(stream);
    float[] sums = result();
    assertEquals(49 * 50 / 2, sums[0]);
    assertEquals(99 * 100 / 2 - 49 * 50 / 2, sums[1]);
  }

  @Test
  void muchSharedMemoryMustBeAllowedFirst() {
    int bytes = 100 << 10;
    Kernel kernel = module.kernel("test_sum");
    Launch launch = kernel.prepare().address(x).address(y).block(32).sharedBytes(bytes).build();
    assertThrows(CudaException.class, () -> launch.launch(stream));
    int tooMany = context.device().maxSharedBytes() + 1;
    assertThrows(CudaException.class, () -> kernel.allowSharedBytes(tooMany));
    kernel.allowSharedBytes(bytes);
    launch.launch(stream);
    assertEquals(31 * 32 / 2, result()[0]);
  }

  @Test
  void parametersMustBeTheKernels() {
    Kernel kernel = module.kernel("test_sum");
    assertEquals(
        "kernel=test_sum was given parameterCount=1, but it has more",
        assertThrows(IllegalArgumentException.class, () -> kernel.prepare().address(x).build())
            .getMessage());
    assertEquals(
        "kernel=test_sum was given parameterCount=3, but it has only 2",
        assertThrows(
                IllegalArgumentException.class,
                () -> kernel.prepare().address(x).address(y).int32(1).build())
            .getMessage());
    assertEquals(
        "kernel=test_sum parameter=1 has bytes=8, not 4",
        assertThrows(
                IllegalArgumentException.class, () -> kernel.prepare().address(x).int32(1).build())
            .getMessage());
  }

  @Test
  void anUnknownKernelIsNamed() {
    CudaException e = assertThrows(CudaException.class, () -> module.kernel("test_nothing"));
    assertEquals(
        "cuModuleGetFunction for test_nothing failed: CUDA_ERROR_NOT_FOUND (500)", e.getMessage());
    assertFalse(e.isFatal());
  }

  @Test
  void aLaunchThatIsImpossibleIsRefused() {
    CudaException e =
        assertThrows(CudaException.class, () -> scale(1, 1).grid(0, 1, 1).launch(stream));
    assertEquals(
        "cuLaunchKernel for test_scale failed: CUDA_ERROR_INVALID_VALUE (1)", e.getMessage());
    assertEquals(FakeDriver.INVALID_VALUE, e.number());
    assertFalse(context.isLost());
    scale(2, 3).launch(stream);
    assertArrayEquals(scaled(2, 3), result());
  }

  @Test
  void aWriteOutsideLosesTheContext() {
    Launch launch = scale(1, 1).setAddress(1, y.address() + 8);
    launch.launch(stream);
    CudaException e = assertThrows(CudaException.class, stream::synchronize);
    assertEquals(FakeDriver.ILLEGAL_ADDRESS, e.number());
    assertTrue(e.isFatal());
    assertTrue(context.isLost());
  }
}
