package io.fullbore.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Faults of the driver at every call of a piece of work that uses all of the layer. */
class FaultTest {
  private FakeDriver fake;
  private CudaDriver driver;

  @BeforeEach
  void load() {
    fake = FakeDriver.load();
    driver = fake.found();
  }

  @AfterEach
  void nothingIsLeft() {
    fake.assertNothingLives();
    fake.reset();
  }

  /** Opens, loads, captures, launches, copies, closes. */
  private float work() {
    try (CudaContext context = CudaContext.open(driver, driver.devices().getFirst())) {
      CudaStream stream = context.newStream();
      CudaStream copies = context.newStream();
      CudaEvent ready = context.newEvent();
      Kernel kernel = context.load(FakeDriver.IMAGE).kernel("test_sum").allowSharedBytes(1 << 16);
      DeviceMemory x = context.allocate(128);
      DeviceMemory y = context.allocate(4);
      MemorySegment host = context.allocatePinned(128).segment();
      for (int i = 0; i < 32; i++) {
        host.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1);
      }
      Launch launch = kernel.prepare().address(x).address(y).block(32).sharedBytes(128).build();
      CudaGraph graph = stream.capture(() -> launch.launch(stream));
      copies.upload(x, 0, host);
      copies.record(ready);
      stream.await(ready);
      graph.launch(stream);
      stream.download(host.asSlice(0, 4), y, 0);
      stream.synchronize();
      return host.get(ValueLayout.JAVA_FLOAT, 0);
    }
  }

  @Test
  void everyCallMayFail() {
    var failed = new TreeSet<String>();
    boolean worked = false;
    for (int call = 1; !worked; call++) {
      fake.fail("*", call, FakeDriver.OUT_OF_MEMORY);
      try {
        assertEquals(32, work());
        worked = true; // all of it takes fewer calls
      } catch (CudaException e) {
        assertTrue(e.isOutOfMemory());
        failed.add(e.call());
      }
      fake.assertNothingLives();
    }
    assertEquals(29, failed.size(), failed::toString);
  }

  @Test
  void theLossOfTheDeviceIsSaidOnce() {
    fake.loseDevice(1, FakeDriver.LAUNCH_FAILED);
    CudaException e = assertThrows(CudaException.class, this::work);
    assertTrue(e.isFatal());
    assertEquals("CUDA_ERROR_LAUNCH_FAILED", e.errorName());
    assertEquals("cuStreamSynchronize", e.call());
    assertEquals(0, e.getSuppressed().length);
    fake.assertNothingLives();
    assertEquals(32, work());
  }

  @Test
  void afterALossEverythingFailsUntilANewContextIsOpened() {
    try (CudaContext context = CudaContext.open(driver, driver.devices().getFirst())) {
      CudaStream stream = context.newStream();
      Kernel kernel = context.load(FakeDriver.IMAGE).kernel("test_sum");
      DeviceMemory memory = context.allocate(128);
      Launch launch =
          kernel.prepare().address(memory).address(memory).block(1).sharedBytes(4).build();
      fake.loseDevice(2, FakeDriver.LAUNCH_FAILED);
      launch.launch(stream);
      stream.synchronize();
      launch.launch(stream);
      assertFalse(context.isLost());
      assertThrows(CudaException.class, stream::synchronize);
      assertTrue(context.isLost());
      assertThrows(CudaException.class, () -> launch.launch(stream));
      assertThrows(CudaException.class, () -> context.allocate(1));
      assertThrows(CudaException.class, context::memory);
    }
    assertEquals(32, work());
  }

  @Test
  void whatCannotBeOpenedIsNotHeld() {
    fake.fail("cuCtxSetCurrent", 1, FakeDriver.OUT_OF_MEMORY);
    assertThrows(CudaException.class, this::work);
    assertEquals(0, fake.count("contexts"));
  }
}
