package io.fullbore.backend.cuda;

import io.fullbore.backend.StepBatch;
import io.fullbore.core.SamplingParams;
import io.fullbore.sampling.AllowedTokens;
import io.fullbore.sampling.TokenHistory;
import io.fullbore.sampling.TokenLogprobs;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is wanted of a step's logits, and what came of them, as the kernel {@code choose} reads and
 * writes them ({@code native/cuda/choose.cu}).
 *
 * <pre>
 *   Choice  56 bytes [logit row]   mode, sampling parameters, where its edits are
 *   Edit    16 bytes [edit]        token, bias, repetition, what is subtracted
 *   mask                [mask]        a bit per token, in words of 32, set where it may be chosen
 *   Chosen 168 bytes [logit row]   token, log-probability, the likeliest 20 with theirs
 *   ids      4 bytes [logit row]   the tokens, for the rows of the step after
 * </pre>
 *
 * <p>Pinned memory comes twice, for two steps under way. Owned by the engine thread; the memory is
 * the context's.
 */
final class ChoiceMemory {
  /** Alternatives that a row can be asked for. */
  static final int MAX_TOP_COUNT = 20;

  private static final int PINNED_COPIES = 2;
  private static final int CHOICE_BYTES = 56;
  private static final int EDIT_BYTES = 16;
  private static final int CHOSEN_BYTES = 168;
  private static final int TOP_TOKENS_OFFSET = 8;
  private static final int TOP_LOGPROBS_OFFSET = 88;
  private static final int MODE_NOTHING = 0;
  private static final int MODE_CHOOSE = 1;
  private static final int MODE_SCORE = 2;
  private static final int NO_MASK = -1;
  private static final int MASKS_ARGUMENT = 3;
  private static final int FIRST_EDITS = 1024;
  private static final int THREADS = 1024;
  private static final int SHARED_BYTES = 42_240;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  /** Pinned memory of one step. */
  private static final class Host {
    final PinnedMemory choices;
    final PinnedMemory chosen;
    PinnedMemory edits;
    @Nullable PinnedMemory masks; // [mask][maskBytes], made when first needed

    Host(CudaContext context, int logitRows) {
      choices = context.allocatePinned((long) logitRows * CHOICE_BYTES);
      chosen = context.allocatePinned((long) logitRows * CHOSEN_BYTES);
      edits = context.allocatePinned((long) FIRST_EDITS * EDIT_BYTES);
    }
  }

  private final CudaContext context;
  private final Host[] hosts = new Host[PINNED_COPIES];
  private final DeviceMemory choices;
  private final DeviceMemory chosen;
  private final DeviceMemory ids;
  private final Launch choose;
  private final int[] editOf; // [token], its edit's number of the row + 1; 0 between rows
  private final int logitRows;
  private final long maskBytes;
  private DeviceMemory edits;
  private @Nullable DeviceMemory masks; // [mask][maskBytes], made when first needed
  private int editCount;
  private int maskCount;

  ChoiceMemory(
      CudaContext context,
      CudaModule module,
      StepMemory step,
      Buffers buffers,
      DeviceMemory ids,
      int vocabularySize) {
    this.context = context;
    this.ids = ids;
    logitRows = buffers.logitRows;
    maskBytes = (long) (vocabularySize + Integer.SIZE - 1) / Integer.SIZE * Integer.BYTES;
    for (int i = 0; i < PINNED_COPIES; i++) {
      hosts[i] = new Host(context, logitRows);
    }
    choices = context.allocate((long) logitRows * CHOICE_BYTES);
    chosen = context.allocate((long) logitRows * CHOSEN_BYTES);
    edits = context.allocate((long) FIRST_EDITS * EDIT_BYTES);
    editOf = new int[vocabularySize];
    choose =
        module
            .kernel("choose")
            .prepare()
            .struct(step.view())
            .address(choices)
            .address(edits)
            .address(0L)
            .address(buffers.logits)
            .int32(vocabularySize)
            .address(chosen)
            .address(ids)
            .block(THREADS)
            .sharedBytes(SHARED_BYTES)
            .build();
  }

  /** Device memory that it takes at first; edits and masks may make it more. */
  static long bytes(int logitRows) {
    return (long) logitRows * (CHOICE_BYTES + CHOSEN_BYTES + Integer.BYTES)
        + (long) FIRST_EDITS * EDIT_BYTES;
  }

  /**
   * Lets the device choose once the logits before it in the stream are there.
   *
   * @param turn 0 or 1; the step before last had the same
   */
  void choose(StepBatch batch, int turn, CudaStream stream) {
    Host host = hosts[turn];
    editCount = 0;
    maskCount = 0;
    int rowCount = batch.logitRowCount();
    for (int row = 0; row < rowCount; row++) {
      write(batch, row, host);
    }
    stream.upload(choices, 0, host.choices.segment().asSlice(0, (long) rowCount * CHOICE_BYTES));
    if (editCount > 0) {
      long bytes = (long) editCount * EDIT_BYTES;
      if (edits.bytes() < bytes) {
        stream.synchronize();
        edits.close();
        edits = context.allocate(host.edits.segment().byteSize());
        choose.setAddress(2, edits.address());
      }
      stream.upload(edits, 0, host.edits.segment().asSlice(0, bytes));
    }
    uploadMasks(host, stream);
    choose.grid(rowCount, 1, 1).launch(stream);
    stream.download(host.chosen.segment().asSlice(0, (long) rowCount * CHOSEN_BYTES), chosen, 0);
  }

  private void uploadMasks(Host host, CudaStream stream) {
    if (maskCount > 0 && host.masks != null) {
      if (masks == null) {
        masks = context.allocate(logitRows * maskBytes);
        choose.setAddress(MASKS_ARGUMENT, masks.address());
      }
      stream.upload(masks, 0, host.masks.segment().asSlice(0, maskCount * maskBytes));
    }
  }

  /** The number of the row's mask. */
  private int addMask(AllowedTokens allowed, Host host) {
    if (host.masks == null) {
      host.masks = context.allocatePinned(logitRows * maskBytes);
    }
    int[] words = allowed.mask();
    MemorySegment mask = host.masks.segment().asSlice(maskCount * maskBytes, maskBytes);
    int count = (int) Math.min(words.length, maskBytes / Integer.BYTES);
    mask.fill((byte) 0);
    MemorySegment.copy(words, 0, mask, INT, 0, count);
    return maskCount++;
  }

  private void write(StepBatch batch, int row, Host host) {
    MemorySegment choice =
        host.choices.segment().asSlice((long) row * CHOICE_BYTES, CHOICE_BYTES).fill((byte) 0);
    StepBatch.Want.Token wanted = batch.sampled(row);
    choice.set(INT, 36, requireTopCount(batch.topCount(row)));
    choice.set(INT, 48, NO_MASK);
    if (wanted == null) {
      int scored = batch.scoredToken(row);
      choice.set(INT, 0, scored < 0 ? MODE_NOTHING : MODE_SCORE);
      choice.set(INT, 32, scored);
      return;
    }
    SamplingParams params = wanted.params();
    TokenHistory history = wanted.history();
    choice.set(INT, 0, MODE_CHOOSE);
    choice.set(FLOAT, 4, params.temperature());
    choice.set(INT, 8, params.topK());
    choice.set(FLOAT, 12, params.topP());
    choice.set(FLOAT, 16, params.minP());
    choice.set(INT, 20, history.tokenCount() - history.promptTokenCount());
    choice.set(ValueLayout.JAVA_LONG, 24, params.seed());
    choice.set(INT, 48, wanted.allowed() == null ? NO_MASK : addMask(wanted.allowed(), host));
    choice.set(INT, 40, editCount);
    int before = editCount;
    if (params.hasPenalties() || !params.logitBias().isEmpty()) {
      addEdits(params, history, host);
    }
    choice.set(INT, 44, editCount - before);
  }

  private static int requireTopCount(int wanted) {
    if (wanted > MAX_TOP_COUNT) {
      throw new IndexOutOfBoundsException(
          "alternatives=%d of a token are wanted, the device gives %d"
              .formatted(wanted, MAX_TOP_COUNT));
    }
    return wanted;
  }

  /** One edit for each token that has a bias or a penalty. */
  private void addEdits(SamplingParams params, TokenHistory history, Host host) {
    int first = editCount;
    if (params.hasPenalties()) {
      int from = params.repetitionPenalty() == 1 ? history.promptTokenCount() : 0;
      for (int i = from; i < history.tokenCount(); i++) {
        MemorySegment edit = edit(history.token(i), first, host);
        edit.set(FLOAT, 8, params.repetitionPenalty());
        if (i >= history.promptTokenCount()) {
          // The number of occurrences for now.
          edit.set(FLOAT, 12, edit.get(FLOAT, 12) + 1);
        }
      }
    }
    for (int i = first; i < editCount; i++) {
      MemorySegment edit = at(host, i);
      float occurrences = edit.get(FLOAT, 12);
      if (occurrences > 0) {
        edit.set(FLOAT, 12, params.presencePenalty() + params.frequencyPenalty() * occurrences);
      }
    }
    for (Map.Entry<Integer, Float> bias : params.logitBias().entrySet()) {
      edit(bias.getKey(), first, host).set(FLOAT, 4, bias.getValue());
    }
    for (int i = first; i < editCount; i++) {
      editOf[at(host, i).get(INT, 0)] = 0;
    }
  }

  private MemorySegment edit(int token, int first, Host host) {
    if (editOf[token] == 0) {
      reserve(host);
      editOf[token] = ++editCount - first;
      MemorySegment added = at(host, editCount - 1);
      added.fill((byte) 0).set(INT, 0, token);
      added.set(FLOAT, 8, 1f);
      return added;
    }
    return at(host, first + editOf[token] - 1);
  }

  private static MemorySegment at(Host host, int edit) {
    return host.edits.segment().asSlice((long) edit * EDIT_BYTES, EDIT_BYTES);
  }

  private void reserve(Host host) {
    long used = (long) editCount * EDIT_BYTES;
    if (used == host.edits.segment().byteSize()) {
      PinnedMemory larger = context.allocatePinned(2 * used);
      larger.segment().asSlice(0, used).copyFrom(host.edits.segment());
      host.edits.close();
      host.edits = larger;
    }
  }

  /** The token chosen for a row, or -1, of a step that has been computed. */
  int token(int turn, int row) {
    return chosen(turn, row).get(INT, 0);
  }

  /**
   * Log-probabilities of a row's token.
   *
   * @param topCount as it was wanted
   */
  @Nullable TokenLogprobs logprobs(int turn, int row, int topCount) {
    MemorySegment chosenRow = chosen(turn, row);
    int token = chosenRow.get(INT, 0);
    if (topCount < 0 || token < 0) {
      return null;
    }
    int count = Math.min(topCount, editOf.length);
    int[] topTokens = new int[count];
    float[] topLogprobs = new float[count];
    for (int i = 0; i < count; i++) {
      topTokens[i] = chosenRow.get(INT, TOP_TOKENS_OFFSET + (long) i * Integer.BYTES);
      topLogprobs[i] = chosenRow.get(FLOAT, TOP_LOGPROBS_OFFSET + (long) i * Float.BYTES);
    }
    return new TokenLogprobs(token, chosenRow.get(FLOAT, 4), topTokens, topLogprobs);
  }

  private MemorySegment chosen(int turn, int row) {
    return hosts[turn].chosen.segment().asSlice((long) row * CHOSEN_BYTES, CHOSEN_BYTES);
  }
}
