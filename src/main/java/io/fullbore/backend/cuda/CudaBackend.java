package io.fullbore.backend.cuda;

import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendException;
import io.fullbore.backend.KvSizing;
import io.fullbore.backend.StepBatch;
import io.fullbore.backend.StepResult;
import io.fullbore.graph.DecoderGraph;
import io.fullbore.model.Architecture;
import io.fullbore.sampling.TokenLogprobs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs a decoder graph on one GPU. All of a step is given to one stream: its description, the
 * kernels, the choice of tokens and the copy of what was chosen; the host waits for the last of
 * them alone, and meanwhile prepares the step after.
 *
 * <pre>
 *   stream   | describe | embed, layers, logits | choose | tokens to the host | describe | ...
 *   host      begin 2 ............................ await 1, events ... begin 3
 * </pre>
 *
 * <p>Everything is made when it is opened and freed when it is closed. After an error that takes
 * the device away all steps fail. Owned by the engine thread.
 */
final class CudaBackend implements Backend {
  private static final int PIPELINE_DEPTH = 2;

  /** A step given to the device. */
  private record Begun(
      int turn, int[] topCounts, boolean[] chooses, @Nullable BackendException failure) {}

  /** What a backend is made of beside the graph and the sizes. */
  record Options(boolean wideCache, int hostBlockCount, LongConsumer progress) {}

  private final CudaContext context;
  private final CudaStream stream;
  private final Architecture architecture;
  private final KvSizing sizing;
  private final Buffers buffers;
  private final StepMemory step;
  private final KvMemory kv;
  private final ChoiceMemory choices;
  private final DecoderProgram program;
  private final CudaEvent[] ends = new CudaEvent[PIPELINE_DEPTH];
  private final Deque<Begun> begun = new ArrayDeque<>();
  private final long weightBytes;
  private final boolean wideCache;
  private int turn;
  private boolean closed;

  private CudaBackend(
      CudaContext context,
      byte[] image,
      DecoderGraph decoder,
      FusedGraph graph,
      KvSizing sizing,
      Options options) {
    this.context = context;
    this.sizing = sizing;
    architecture = graph.architecture();
    wideCache = options.wideCache;
    stream = context.newStream();
    CudaModule module = context.load(image);
    WeightMemory weights = WeightMemory.load(context, module, stream, graph, options.progress);
    weightBytes = WeightMemory.bytes(graph);
    buffers =
        new Buffers(context, stream, Buffers.Sizes.of(architecture, sizing, context.device()));
    int maxItems = Buffers.maxDecodeItems(sizing);
    step = new StepMemory(context, sizing, maxItems, wantedItems(context.device()));
    kv =
        new KvMemory(
            context,
            stream,
            architecture,
            sizing.blockCount(),
            sizing.blockTokens(),
            elementBytes(wideCache),
            options.hostBlockCount);
    DeviceMemory ids = context.allocate((long) buffers.logitRows * Integer.BYTES);
    choices = new ChoiceMemory(context, module, step, buffers, ids, architecture.vocabularySize());
    program =
        new DecoderProgram(
            context,
            stream,
            module,
            decoder,
            graph,
            weights,
            buffers,
            step,
            kv,
            wideCache,
            sizing,
            ids.address());
    for (int i = 0; i < ends.length; i++) {
      ends[i] = context.newEvent();
    }
    stream.synchronize();
  }

  /**
   * Loads the weights and allocates everything.
   *
   * @throws CudaException when something of it fails; nothing is left then
   */
  static CudaBackend open(
      CudaDriver driver,
      CudaDevice device,
      byte[] image,
      DecoderGraph decoder,
      KvSizing sizing,
      Options options) {
    CudaContext context = CudaContext.open(driver, device);
    try {
      return new CudaBackend(context, image, decoder, FusedGraph.of(decoder), sizing, options);
    } catch (RuntimeException | Error e) {
      try {
        context.close();
      } catch (CudaException closing) {
        e.addSuppressed(closing);
      }
      throw e;
    }
  }

  /** Device memory beside the KV cache, in bytes. */
  static long bytes(FusedGraph graph, KvSizing sizing, CudaDevice device) {
    Buffers.Sizes sizes = Buffers.Sizes.of(graph.architecture(), sizing, device);
    return WeightMemory.bytes(graph)
        + WeightMemory.loadingBytes()
        + sizes.total()
        + StepMemory.bytes(sizing, Buffers.maxDecodeItems(sizing))
        + ChoiceMemory.bytes(sizes.logitRows())
        + 4L * sizing.maxPositions() * graph.architecture().ropeDim();
  }

  static int elementBytes(boolean wideCache) {
    return wideCache ? OperandKind.BYTES : 1;
  }

  /** Decode items per KV head that keep all multiprocessors busy a few times over. */
  private static int wantedItems(CudaDevice device) {
    return 8 * device.multiprocessorCount();
  }

  // --- Steps ----------------------------------------------------------------------------------

  @Override
  public int pipelineDepth() {
    return PIPELINE_DEPTH;
  }

  @Override
  public void begin(StepBatch batch) {
    requireOpen();
    if (begun.size() == PIPELINE_DEPTH) {
      throw new IllegalStateException("pipelineDepth=%d steps are begun".formatted(begun.size()));
    }
    turn = (turn + 1) % PIPELINE_DEPTH;
    int rows = batch.logitRowCount();
    int[] topCounts = new int[rows];
    boolean[] chooses = new boolean[rows];
    for (int row = 0; row < rows; row++) {
      chooses[row] = batch.sampled(row) != null;
      topCounts[row] = batch.topCount(row);
    }
    BackendException failure = null;
    try {
      run(batch);
      if (rows > 0) {
        choices.choose(batch, turn, stream);
      }
      stream.record(ends[turn]);
    } catch (CudaException | IndexOutOfBoundsException e) {
      failure = failed(e);
    }
    begun.add(new Begun(turn, topCounts, chooses, failure));
  }

  @Override
  public StepResult await() {
    requireOpen();
    Begun oldest = begun.poll();
    if (oldest == null) {
      throw new IllegalStateException("no step is begun");
    }
    if (oldest.failure != null) {
      settle();
      throw oldest.failure;
    }
    try {
      ends[oldest.turn].synchronize();
    } catch (CudaException e) {
      throw failed(e);
    }
    int rows = oldest.topCounts.length;
    int[] tokens = new int[rows];
    @Nullable TokenLogprobs[] logprobs = new TokenLogprobs[rows];
    for (int row = 0; row < rows; row++) {
      tokens[row] = oldest.chooses[row] ? choices.token(oldest.turn, row) : -1;
      logprobs[row] = choices.logprobs(oldest.turn, row, oldest.topCounts[row]);
    }
    return new StepResult(tokens, logprobs);
  }

  /**
   * What of a failed step was given to the device must not run into the next one's pinned memory.
   */
  private void settle() {
    if (!context.isLost()) {
      try {
        stream.synchronize();
      } catch (CudaException e) {
        throw failed(e);
      }
    }
  }

  @Override
  public void forward(StepBatch batch, float[] logits) {
    requireOpen();
    if (!begun.isEmpty()) {
      throw new IllegalStateException("a step is begun");
    }
    int width = architecture.vocabularySize();
    try (PinnedMemory row = context.allocatePinned((long) width * Float.BYTES)) {
      run(batch);
      for (int i = 0; i < batch.logitRowCount(); i++) {
        MemorySegment target = row.segment();
        stream.download(target, buffers.logits, (long) i * width * Float.BYTES);
        stream.synchronize();
        MemorySegment.copy(target, ValueLayout.JAVA_FLOAT, 0, logits, i * width, width);
      }
      stream.synchronize();
    } catch (CudaException | IndexOutOfBoundsException e) {
      throw failed(e);
    }
  }

  private void run(StepBatch batch) {
    if (batch.logitRowCount() > buffers.logitRows) {
      throw new IndexOutOfBoundsException(
          "logitRowCount=%d exceeds the room for %d"
              .formatted(batch.logitRowCount(), buffers.logitRows));
    }
    program.run(step.load(batch, stream), stream);
  }

  private BackendException failed(RuntimeException e) {
    if (context.isLost()) {
      return BackendException.ofLostDevice(
          "the GPU %s is lost: %s".formatted(context.device().name(), e.getMessage()), e);
    }
    return new BackendException("the GPU step failed: " + e.getMessage(), e);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the backend is closed");
    }
  }

  // --- Blocks ---------------------------------------------------------------------------------

  @Override
  public int hostBlockCount() {
    return kv.hostBlockCount();
  }

  @Override
  public void copyOut(int block, int hostBlock) {
    try {
      kv.copyOut(block, hostBlock, stream);
    } catch (CudaException e) {
      throw failed(e);
    }
  }

  @Override
  public void copyIn(int hostBlock, int block) {
    try {
      kv.copyIn(hostBlock, block, stream);
    } catch (CudaException e) {
      throw failed(e);
    }
  }

  // --- Sizes ----------------------------------------------------------------------------------

  @Override
  public String describe() {
    CudaDevice device = context.device();
    return "cuda (%s, compute capability %d.%d, weights %d MiB and %s KV cache %d MiB in VRAM, %d MiB pinned)"
        .formatted(
            device.name(),
            device.major(),
            device.minor(),
            weightBytes >> 20,
            wideCache ? "16-bit" : "8-bit",
            kv.poolBytes() >> 20,
            kv.hostBytes() >> 20);
  }

  @Override
  public int blockCount() {
    return sizing.blockCount();
  }

  @Override
  public int blockTokens() {
    return sizing.blockTokens();
  }

  /** Positions of the longest sequence. */
  int maxPositions() {
    return sizing.maxPositions();
  }

  @Override
  public int maxStepTokens() {
    return sizing.maxStepTokens();
  }

  @Override
  public int vocabularySize() {
    return architecture.vocabularySize();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.close();
    }
  }
}
