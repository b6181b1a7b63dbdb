package io.fullbore.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CudaContextTest {
  private FakeDriver fake;
  private CudaContext context;
  private CudaStream stream;

  @BeforeEach
  void open() {
    fake = FakeDriver.load();
    context = fake.open();
    stream = context.newStream();
  }

  @AfterEach
  void nothingIsLeft() {
    context.close();
    fake.assertNothingLives();
    fake.reset();
  }

  @Test
  void knowsHowMuchMemoryThereIs() {
    long totalBytes = context.memory().totalBytes();
    assertEquals(4L << 30, totalBytes);
    DeviceMemory memory = context.allocate(1 << 20);
    PinnedMemory pinned = context.allocatePinned(100);
    assertEquals(totalBytes - (1 << 20), context.memory().freeBytes());
    assertEquals(100, pinned.segment().byteSize());
    assertEquals(2, context.liveAllocations());
    memory.close();
    memory.close();
    pinned.close();
    assertEquals(totalBytes, context.memory().freeBytes());
    assertEquals(0, context.liveAllocations());
    assertThrows(IllegalStateException.class, () -> pinned.segment().fill((byte) 0));
  }

  @Test
  void copiesBytes() {
    MemorySegment source = context.allocatePinned(8).segment();
    MemorySegment target = context.allocatePinned(8).segment();
    DeviceMemory first = context.allocate(16);
    DeviceMemory second = context.allocate(16);
    source.copyFrom(MemorySegment.ofArray(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}));
    stream.fill(first, 0, 16, (byte) 9);
    stream.upload(first, 4, source);
    stream.copy(second, 8, first, 2, 8);
    stream.download(target, second, 8);
    stream.synchronize();
    assertArrayEquals(new byte[] {9, 9, 1, 2, 3, 4, 5, 6}, target.toArray(ValueLayout.JAVA_BYTE));
  }

  @Test
  void refusesCopiesPastTheEndAndFromTheHeap() {
    DeviceMemory memory = context.allocate(16);
    MemorySegment pinned = context.allocatePinned(8).segment();
    assertThrows(IndexOutOfBoundsException.class, () -> stream.upload(memory, 9, pinned));
    assertThrows(IndexOutOfBoundsException.class, () -> stream.download(pinned, memory, -1));
    assertThrows(
        IllegalArgumentException.class,
        () -> stream.upload(memory, 0, MemorySegment.ofArray(new byte[8])));
  }

  /** What a real device may do: a buffer that is written again before the copy is done. */
  @Test
  void copiesAsLateAsItMay() {
    MemorySegment buffer = context.allocatePinned(1).segment();
    MemorySegment target = context.allocatePinned(1).segment();
    DeviceMemory memory = context.allocate(1);
    buffer.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
    stream.upload(memory, 0, buffer);
    buffer.set(ValueLayout.JAVA_BYTE, 0, (byte) 2);
    stream.download(target, memory, 0);
    assertEquals(-1, target.get(ValueLayout.JAVA_BYTE, 0));
    stream.synchronize();
    assertEquals(2, target.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void aStreamWaitsForAnotherOnlyWhenTold() {
    CudaStream other = context.newStream();
    CudaEvent written = context.newEvent();
    DeviceMemory memory = context.allocate(1);
    MemorySegment target = context.allocatePinned(1).segment();
    other.fill(memory, 0, 1, (byte) 5);
    other.record(written);
    stream.download(target, memory, 0);
    stream.synchronize();
    assertEquals(-1, target.get(ValueLayout.JAVA_BYTE, 0));
    assertFalse(other.isIdle());
    stream.await(written);
    stream.download(target, memory, 0);
    stream.synchronize();
    assertEquals(5, target.get(ValueLayout.JAVA_BYTE, 0));
    while (!other.isIdle()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void eventsTellWhenTheyWereReached() {
    CudaEvent start = context.newTimer();
    CudaEvent end = context.newTimer();
    DeviceMemory memory = context.allocate(8);
    MemorySegment pinned = context.allocatePinned(8).segment();
    assertTrue(end.isReached());
    stream.record(start);
    stream.upload(memory, 0, pinned);
    stream.download(pinned, memory, 0);
    stream.record(end);
    assertFalse(end.isReached());
    end.synchronize();
    assertTrue(end.isReached());
    assertEquals(2, end.elapsedMs(start));
  }

  @Test
  void aGraphDoesItsWorkAgain() {
    DeviceMemory from = context.allocate(4);
    DeviceMemory to = context.allocate(4);
    MemorySegment source = context.allocatePinned(4).segment();
    MemorySegment target = context.allocatePinned(4).segment();
    CudaGraph graph =
        stream.capture(
            () -> {
              stream.upload(from, 0, source);
              stream.copy(to, 0, from, 0, 4);
              stream.download(target, to, 0);
            });
    stream.synchronize();
    assertEquals(0, fake.count("copiedBytes"));
    for (int value = 1; value <= 3; value++) {
      source.set(ValueLayout.JAVA_INT, 0, value);
      graph.launch(stream);
      stream.synchronize();
      assertEquals(value, target.get(ValueLayout.JAVA_INT, 0));
    }
    graph.close();
    assertEquals(0, fake.count("graphs"));
  }

  @Test
  void aFailedCaptureLeavesTheStreamUsable() {
    DeviceMemory memory = context.allocate(4);
    assertThrows(
        IllegalStateException.class,
        () ->
            stream.capture(
                () -> {
                  throw new IllegalStateException("of the test");
                }));
    assertEquals(0, fake.count("graphs"));
    assertThrows(CudaException.class, () -> stream.capture(stream::synchronize));
    assertEquals(0, fake.count("graphs"));
    stream.fill(memory, 0, 4, (byte) 0);
    stream.synchronize();
  }

  @Test
  void anotherThreadTakesTheContextOver() throws InterruptedException {
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  assertThrows(CudaException.class, () -> context.memory());
                  context.makeCurrent();
                  context.allocate(1);
                });
    thread.join();
    assertEquals(1, context.liveAllocations());
  }

  @Test
  void outOfMemoryIsSaidAsSuch() {
    fake.set("totalBytes", 1 << 20);
    CudaException e = assertThrows(CudaException.class, () -> context.allocate(2 << 20));
    assertTrue(e.isOutOfMemory());
    assertFalse(e.isFatal());
    assertEquals(
        "cuMemAlloc for bytes=2097152 failed: CUDA_ERROR_OUT_OF_MEMORY (2)", e.getMessage());
    context.allocate(1 << 20);
  }

  @Test
  void closingFreesEverythingAndSaysTheFirstError() {
    context.allocate(1);
    context.allocate(2);
    fake.fail("cuMemFree_v2", 1, FakeDriver.INVALID_VALUE);
    CudaException e = assertThrows(CudaException.class, context::close);
    assertEquals("cuMemFree", e.call());
    fake.assertNothingLives();
  }
}
