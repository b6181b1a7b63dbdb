package io.fullbore.backend.cuda;

import io.fullbore.model.Architecture;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The KV cache in device memory, and its second tier in pinned memory of the host.
 *
 * <pre>
 *   pool   [block][layer][keys, values][kvHead][slot][head stride]
 * </pre>
 *
 * <p>All layers of a block lie together, so that one copy moves it to the other tier and back.
 * Copies are given to the stream of the steps and so happen between them. Owned by the engine
 * thread; the memory is the context's.
 */
final class KvMemory {
  /** Bytes of {@code KvView}. */
  private static final int VIEW_BYTES = 40;

  private final Architecture architecture;
  private final int blockTokens;
  private final int elementBytes;
  private final long blockBytes;
  private final DeviceMemory pool;
  private final @Nullable PinnedMemory hostPool;
  private final int hostBlockCount;

  /**
   * @param elementBytes 2, or 1 for 8-bit floats
   */
  KvMemory(
      CudaContext context,
      CudaStream stream,
      Architecture architecture,
      int blockCount,
      int blockTokens,
      int elementBytes,
      int hostBlockCount) {
    this.architecture = architecture;
    this.blockTokens = blockTokens;
    this.elementBytes = elementBytes;
    this.hostBlockCount = hostBlockCount;
    blockBytes = bytesPerBlock(architecture, blockTokens, elementBytes);
    pool = context.allocate(blockCount * blockBytes);
    stream.fill(pool, 0, pool.bytes(), (byte) 0);
    hostPool = hostBlockCount == 0 ? null : context.allocatePinned(hostBlockCount * blockBytes);
  }

  /** Bytes of a block over all layers. */
  static long bytesPerBlock(Architecture architecture, int blockTokens, int elementBytes) {
    return 2 * architecture.layerCount() * headsBytes(architecture, blockTokens, elementBytes);
  }

  /** Keys or values of one layer of a block. */
  private static long headsBytes(Architecture architecture, int blockTokens, int elementBytes) {
    return (long) architecture.kvHeadCount()
        * blockTokens
        * HeadStride.of(architecture.headDim())
        * elementBytes;
  }

  /** {@code KvView} of a layer. */
  MemorySegment view(int layer) {
    long headsBytes = headsBytes(architecture, blockTokens, elementBytes);
    MemorySegment view = MemorySegment.ofArray(new long[VIEW_BYTES / Long.BYTES]);
    view.set(ValueLayout.JAVA_LONG, 0, pool.address());
    view.set(ValueLayout.JAVA_LONG, 8, blockBytes);
    view.set(ValueLayout.JAVA_LONG, 16, 2 * layer * headsBytes);
    view.set(ValueLayout.JAVA_LONG, 24, headsBytes);
    view.set(ValueLayout.JAVA_INT, 32, Integer.numberOfTrailingZeros(blockTokens));
    view.set(ValueLayout.JAVA_INT, 36, architecture.kvHeadCount());
    return view;
  }

  int hostBlockCount() {
    return hostBlockCount;
  }

  void copyOut(int block, int hostBlock, CudaStream stream) {
    stream.download(host(hostBlock), pool, block * blockBytes);
  }

  void copyIn(int hostBlock, int block, CudaStream stream) {
    stream.upload(pool, block * blockBytes, host(hostBlock));
  }

  private MemorySegment host(int hostBlock) {
    return Objects.requireNonNull(hostPool).segment().asSlice(hostBlock * blockBytes, blockBytes);
  }

  long poolBytes() {
    return pool.bytes();
  }

  long hostBytes() {
    return hostBlockCount * blockBytes;
  }
}
