package io.fullbore.backend.cuda;

import io.fullbore.model.Tensor;
import io.fullbore.model.Weights;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A model's weights in device memory: all matrices packed, and the small vectors as floats.
 *
 * <pre>
 *   file, mapped --several threads--> pinned stage --stream--> device stage --kernel--> packed
 *                                     [0] ...                  [0] ...
 *                                     [1] ...                  [1] ...
 * </pre>
 *
 * <p>The two stages take turns: while one is on its way over the bus, the other is filled. Rows of
 * formats without kernels of their own are decoded on the way into the stage. Owned by the engine
 * thread; the memory is the context's.
 */
final class WeightMemory {
  private static final int STAGE_COUNT = 2;
  private static final long STAGE_BYTES = 32 << 20;

  /** Copied by one thread at a time. */
  private static final long SLICE_BYTES = 1 << 20;

  private static final long ALIGNMENT_BYTES = 256;

  private final CudaContext context;
  private final CudaStream stream;
  private final DeviceMemory memory;
  private final Map<PackedMatrix, Long> matrices = new HashMap<>(); // addresses
  private final Map<List<?>, Long> vectors = new HashMap<>(); // addresses
  private final Map<String, Kernel> packers = new HashMap<>();
  private final CudaModule module;
  private final OperandKind kind;
  private final LongConsumer progress;
  private long used;

  private WeightMemory(
      CudaContext context,
      CudaModule module,
      CudaStream stream,
      FusedGraph graph,
      LongConsumer progress) {
    this.context = context;
    this.module = module;
    this.stream = stream;
    this.progress = progress;
    kind = graph.kind();
    memory = context.allocate(bytes(graph));
  }

  /**
   * Loads everything; the file may be closed afterwards.
   *
   * @param progress gets how many bytes of the file have been read since the last call
   * @throws CudaException also when there is too little memory
   */
  static WeightMemory load(
      CudaContext context,
      CudaModule module,
      CudaStream stream,
      FusedGraph graph,
      LongConsumer progress) {
    WeightMemory weights = new WeightMemory(context, module, stream, graph, progress);
    try (Stages stages = weights.new Stages()) {
      for (PackedMatrix matrix : graph.matrices()) {
        weights.matrices.put(matrix, weights.pack(matrix, stages));
      }
      for (List<FusedOp> ops : List.of(graph.allRows(), graph.logitRows())) {
        for (FusedOp op : ops) {
          weights.addVectors(op, stages);
        }
      }
      stream.synchronize();
    }
    return weights;
  }

  /** Device memory that a graph's weights take. */
  static long bytes(FusedGraph graph) {
    long bytes = 0;
    for (PackedMatrix matrix : graph.matrices()) {
      bytes += aligned(matrix.bytes());
    }
    for (List<FusedOp> ops : List.of(graph.allRows(), graph.logitRows())) {
      for (FusedOp op : ops) {
        for (List<@Nullable Tensor> vector : vectorsOf(op)) {
          bytes += aligned(elements(vector) * Float.BYTES);
        }
      }
    }
    return bytes;
  }

  /** Further memory that is needed only while they are loaded. */
  static long loadingBytes() {
    return STAGE_COUNT * STAGE_BYTES;
  }

  /** Address of a matrix, packed. */
  long address(PackedMatrix matrix) {
    return found(matrices.get(matrix), matrix);
  }

  /** Address of a tensor's elements as floats. */
  long address(Tensor vector) {
    return found(vectors.get(List.of(new Identity(vector))), vector.name());
  }

  /** Address of a product's biases as floats, 0 where it has none. */
  long biases(FusedOp.Product product) {
    List<List<@Nullable Tensor>> vector = vectorsOf(product);
    return vector.isEmpty() ? 0 : found(vectors.get(key(vector.getFirst())), product);
  }

  private static long found(@Nullable Long address, Object what) {
    if (address == null) {
      throw new IllegalArgumentException(what + " is not in device memory");
    }
    return address;
  }

  // --- Vectors --------------------------------------------------------------------------------

  /** A tensor as a key: the very one, as its data is no part of what it is equal to. */
  private record Identity(Tensor tensor) {
    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Identity(Tensor that) && tensor == that;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(tensor);
    }
  }

  private static List<?> key(List<@Nullable Tensor> vector) {
    List<Object> key = new ArrayList<>();
    vector.forEach(each -> key.add(each == null ? "none" : new Identity(each)));
    return key;
  }

  /** The vectors that an operation reads, each made of one tensor or of several, one by one. */
  private static List<List<@Nullable Tensor>> vectorsOf(FusedOp op) {
    List<List<@Nullable Tensor>> vectors = new ArrayList<>();
    switch (op) {
      case FusedOp.Embed _ -> {}
      case FusedOp.Norm norm -> vectors.add(List.of(norm.weight()));
      case FusedOp.Product product -> {
        if (product.biases().stream().anyMatch(each -> each != null)) {
          vectors.add(product.biases());
        }
      }
      case FusedOp.Attention attention -> {
        if (attention.queryNorm() != null) {
          vectors.add(List.of(attention.queryNorm()));
        }
        if (attention.keyNorm() != null) {
          vectors.add(List.of(attention.keyNorm()));
        }
      }
    }
    return vectors;
  }

  private static long elements(List<@Nullable Tensor> vector) {
    return vector.stream().mapToLong(each -> each == null ? 0 : each.columns()).sum();
  }

  private void addVectors(FusedOp op, Stages stages) {
    for (List<@Nullable Tensor> vector : vectorsOf(op)) {
      if (vectors.containsKey(key(vector))) {
        continue;
      }
      if (op instanceof FusedOp.Product product && vector.contains(null)) {
        throw new IllegalArgumentException(
            "tensor=%s shares a matrix with others, of which some have a bias and some have none"
                .formatted(product.matrix().tensors().getFirst().name()));
      }
      long offset = place(elements(vector) * Float.BYTES);
      vectors.put(key(vector), memory.address() + offset);
      for (Tensor tensor : vector) {
        MemorySegment floats = stages.next(tensor.columns() * (long) Float.BYTES);
        float[] elements = Weights.floats(tensor);
        MemorySegment.copy(elements, 0, floats, ValueLayout.JAVA_FLOAT, 0, elements.length);
        stream.upload(memory, offset, floats);
        stages.used();
        offset += floats.byteSize();
      }
    }
  }

  private long place(long bytes) {
    long offset = used;
    used += aligned(bytes);
    return offset;
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
  }

  // --- Matrices -------------------------------------------------------------------------------

  private long pack(PackedMatrix matrix, Stages stages) {
    long address = memory.address() + place(matrix.bytes());
    long tileBytes = matrix.format().tileBytes(matrix.columns());
    List<Tensor> tensors = matrix.tensors();
    if (matrix.interleaved()) {
      packTiles(matrix, tensors.get(0), tensors.get(1), address, tileBytes, stages);
      return address;
    }
    long target = address;
    for (Tensor tensor : tensors) {
      packTiles(matrix, tensor, null, target, tileBytes, stages);
      target += Math.ceilDiv(tensor.rows(), PackedFormat.TILE_ROWS) * tileBytes;
    }
    return address;
  }

  /** Packs all rows of a tensor, or of two whose rows share the tiles, stage by stage. */
  private void packTiles(
      PackedMatrix matrix,
      Tensor tensor,
      @Nullable Tensor other,
      long target,
      long tileBytes,
      Stages stages) {
    PackedFormat format = matrix.format();
    boolean verbatim = format.packs(tensor.format());
    long rowBytes = verbatim ? tensor.rowBytes() : (long) tensor.columns() * OperandKind.BYTES;
    int rowsPerTile = matrix.rowsPerTile();
    int tensors = other == null ? 1 : 2;
    int tilesAtOnce =
        Math.clamp(STAGE_BYTES / (rowBytes * rowsPerTile * tensors), 1, Integer.MAX_VALUE);
    int tileCount = Math.ceilDiv(tensor.rows(), rowsPerTile);
    for (int tile = 0; tile < tileCount; tile += tilesAtOnce) {
      int tiles = Math.min(tilesAtOnce, tileCount - tile);
      int from = tile * rowsPerTile;
      int count = Math.min(tensor.rows() - from, tiles * rowsPerTile);
      MemorySegment stage = stages.next(count * rowBytes * tensors);
      fill(stage.asSlice(0, count * rowBytes), tensor, from, verbatim);
      if (other != null) {
        fill(stage.asSlice(count * rowBytes), other, from, verbatim);
      }
      long low = stages.upload();
      long skipped = other == null ? Math.min(count, rowsPerTile / 2) * rowBytes : count * rowBytes;
      int highRows = other == null ? Math.max(0, count - rowsPerTile / 2) : count;
      packer(format)
          .prepare()
          .address(low)
          .address(low + skipped)
          .int32(count)
          .int32(highRows)
          .int32(rowsPerTile)
          .int32(tensor.columns())
          .int64(rowBytes)
          .address(target + tile * tileBytes)
          .grid(Math.ceilDiv(matrix.chunks(), 4), tiles, 1)
          .block(128)
          .build()
          .launch(stream);
      stages.used();
      progress.accept(count * tensor.rowBytes() * tensors);
    }
    giveBack(tensor);
    if (other != null) {
      giveBack(other);
    }
  }

  private Kernel packer(PackedFormat format) {
    return packers.computeIfAbsent("pack_" + format.kernelSuffix(), module::kernel);
  }

  /** Pages of the file are not needed in the host's memory any more. */
  private static void giveBack(Tensor tensor) {
    if (tensor.data().isMapped()) {
      tensor.data().unload();
    }
  }

  /** Brings rows {@code [from, ...)} into a stage, as they are or as 16-bit floats. */
  private void fill(MemorySegment stage, Tensor tensor, int from, boolean verbatim) {
    if (verbatim) {
      MemorySegment rows = tensor.data().asSlice(from * tensor.rowBytes(), stage.byteSize());
      int slices = Math.toIntExact(Math.ceilDiv(stage.byteSize(), SLICE_BYTES));
      IntStream.range(0, slices)
          .parallel()
          .forEach(
              slice -> {
                long offset = slice * SLICE_BYTES;
                long bytes = Math.min(SLICE_BYTES, stage.byteSize() - offset);
                MemorySegment.copy(rows, offset, stage, offset, bytes);
              });
      return;
    }
    int columns = tensor.columns();
    int rowCount = Math.toIntExact(stage.byteSize() / OperandKind.BYTES / columns);
    IntStream.range(0, rowCount)
        .parallel()
        .forEach(
            row -> {
              float[] floats = new float[columns];
              tensor.decodeRow(from + row, floats, 0);
              long offset = (long) row * columns;
              for (int i = 0; i < columns; i++) {
                stage.setAtIndex(ValueLayout.JAVA_SHORT, offset + i, rounded(floats[i]));
              }
            });
  }

  private short rounded(float x) {
    if (kind == OperandKind.F16) {
      return Float.floatToFloat16(Math.clamp(x, -65_504f, 65_504f));
    }
    int bits = Float.floatToRawIntBits(x);
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  /** The pieces of memory that rows pass through, by turns. */
  private final class Stages implements AutoCloseable {
    private final PinnedMemory[] pinned = new PinnedMemory[STAGE_COUNT];
    private final DeviceMemory[] device = new DeviceMemory[STAGE_COUNT];
    private final CudaEvent[] emptied = new CudaEvent[STAGE_COUNT];
    private int turn;
    private MemorySegment current = MemorySegment.NULL;

    Stages() {
      for (int i = 0; i < STAGE_COUNT; i++) {
        pinned[i] = context.allocatePinned(STAGE_BYTES);
        device[i] = context.allocate(STAGE_BYTES);
        emptied[i] = context.newEvent();
      }
    }

    /** The first bytes of the next stage, once the device is done with what was there. */
    MemorySegment next(long bytes) {
      turn = (turn + 1) % STAGE_COUNT;
      emptied[turn].synchronize();
      if (bytes > pinned[turn].segment().byteSize()) {
        throw new IllegalArgumentException(
            "16 rows of a matrix take bytes=%d, more than a stage of %d"
                .formatted(bytes, STAGE_BYTES));
      }
      current = pinned[turn].segment().asSlice(0, bytes);
      return current;
    }

    /** Sends the stage to the device; its address there. */
    long upload() {
      stream.upload(device[turn], 0, current);
      return device[turn].address();
    }

    /** All that reads the stage has been given to the stream. */
    void used() {
      stream.record(emptied[turn]);
    }

    @Override
    public void close() {
      for (int i = 0; i < STAGE_COUNT; i++) {
        pinned[i].close();
        device[i].close();
        emptied[i].close();
      }
    }
  }
}
