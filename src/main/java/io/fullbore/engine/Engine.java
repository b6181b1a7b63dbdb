package io.fullbore.engine;

import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendException;
import io.fullbore.backend.StepBatch;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.RequestId;
import io.fullbore.kv.BlockCopy;
import io.fullbore.kv.KvCache;
import io.fullbore.sampling.Logprobs;
import io.fullbore.sampling.Sampler;
import io.fullbore.sampling.TokenLogprobs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Continuous batching over one backend: sequences come and go between steps, and each step computes
 * one token of all that decode and chunks of the prompts that wait.
 *
 * <p>Every submitted sequence ends in exactly one terminal event. When a step fails its members are
 * tried again one by one, so that the one at fault fails alone. Owned by one thread, the engine
 * thread; the backend belongs to it and is closed with it.
 */
public final class Engine implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
  private static final double NEW_SAMPLE_WEIGHT = 0.2;

  /** Gets the events of all sequences, in order, on the engine thread. */
  @FunctionalInterface
  public interface EventSink {
    void emit(String replyTo, SequenceEvent event);
  }

  private final Backend backend;
  private final EngineSettings settings;
  private final EventSink sink;
  private final LongSupplier nanoClock;
  private final KvCache cache;
  private final Scheduler scheduler;
  private final Sampler sampler;
  private final StepBudget budget;
  private final StepBatch batch;
  private float[] logits = new float[0]; // [logitRow][vocabularySize]
  private long stepCount;
  private long endedCount;
  private double stepMicros;
  private long generatedTokens;

  /**
   * @param nanoClock a monotonic clock, such as {@link System#nanoTime}
   */
  public Engine(Backend backend, EngineSettings settings, EventSink sink, LongSupplier nanoClock) {
    if (settings.maxRunning() > backend.maxStepTokens()) {
      throw new IllegalArgumentException(
          "engine.maxRunning=%d must not exceed engine.maxStepTokens=%d: every running sequence decodes one token per step"
              .formatted(settings.maxRunning(), backend.maxStepTokens()));
    }
    this.backend = backend;
    this.settings = settings;
    this.sink = sink;
    this.nanoClock = nanoClock;
    cache =
        new KvCache(
            backend.blockCount(),
            backend.hostBlockCount(),
            backend.blockTokens(),
            settings.prefixCache());
    scheduler = new Scheduler(cache, settings.maxRunning());
    sampler = new Sampler(backend.vocabularySize());
    budget = new StepBudget(settings.stepTargetMs() * 1_000_000, backend.maxStepTokens());
    batch = new StepBatch(backend.maxStepTokens());
  }

  /** Takes a sequence in; it runs from the next step on, or fails at once when it can never fit. */
  public void submit(GenerationRequest request) {
    int tokens = request.prompt().length + request.params().maxTokens();
    int capacity = backend.blockCount() * backend.blockTokens();
    if (tokens > capacity) {
      emit(
          request,
          new SequenceEvent.Failed(
              request.id(),
              new Failure.ContextLengthExceeded(
                  capacity, request.prompt().length, request.params().maxTokens())));
      return;
    }
    scheduler.add(request);
  }

  /** Drops a sequence and frees what it holds; does nothing when it has ended already. */
  public void cancel(RequestId id) {
    fail(id, new Failure.Cancelled("The request was cancelled."));
  }

  /** Ends all sequences with the same failure. */
  public void failAll(Failure failure) {
    for (Sequence sequence : scheduler.sequences()) {
      fail(sequence.request().id(), failure);
    }
  }

  public boolean hasWork() {
    return !scheduler.isEmpty();
  }

  /** One step: schedule, run, postprocess. Does nothing without work. */
  public void step() {
    StepPlan plan = scheduler.schedule(budget);
    if (plan.isEmpty()) {
      return;
    }
    long start = nanoClock.getAsLong();
    int tokenCount = plan.tokenCount();
    List<StepPlan.Part> parts = List.copyOf(plan.parts());
    try {
      run(parts);
      postprocess(parts);
    } catch (BackendException e) {
      LOG.warn("a step of sequences={} failed, trying them one by one", parts.size(), e);
      parts.forEach(this::stepAlone);
    }
    long nanos = nanoClock.getAsLong() - start;
    stepMicros += NEW_SAMPLE_WEIGHT * (nanos / 1e3 - stepMicros);
    stepCount++;
    budget.measured(tokenCount, nanos);
  }

  private void stepAlone(StepPlan.Part part) {
    List<StepPlan.Part> alone = List.of(part);
    try {
      run(alone);
      postprocess(alone);
    } catch (BackendException e) {
      LOG.error("sequence={} failed alone", part.sequence().request().id(), e);
      fail(
          part.sequence().request().id(),
          new Failure.EngineFailed("The model failed on this request: " + e.getMessage()));
    }
  }

  private void run(List<StepPlan.Part> parts) {
    batch.clear();
    for (StepPlan.Part part : parts) {
      Sequence sequence = part.sequence();
      batch.add(
          sequence.tokens(),
          sequence.computedCount(),
          part.tokenCount(),
          sequence.blocks(),
          want(part));
    }
    int needed = Math.multiplyExact(batch.logitRowCount(), backend.vocabularySize());
    if (logits.length < needed) {
      logits = new float[needed];
    }
    cache.drainCopies(this::copy);
    backend.forward(batch, logits);
  }

  private void copy(BlockCopy copy) {
    switch (copy) {
      case BlockCopy.Out(int block, int hostBlock) -> backend.copyOut(block, hostBlock);
      case BlockCopy.In(int hostBlock, int block) -> backend.copyIn(hostBlock, block);
    }
  }

  private static StepBatch.Want want(StepPlan.Part part) {
    if (part.sequence().scoresPrompt()) {
      return StepBatch.Want.ALL;
    }
    return part.completes() ? StepBatch.Want.LAST : StepBatch.Want.NONE;
  }

  private void postprocess(List<StepPlan.Part> parts) {
    int row = 0;
    for (StepPlan.Part part : parts) {
      Sequence sequence = part.sequence();
      int rows =
          switch (want(part)) {
            case NONE -> 0;
            case LAST -> 1;
            case ALL -> part.tokenCount();
          };
      boolean complete = part.completes();
      if (sequence.scoresPrompt()) {
        scorePrompt(sequence, row, rows);
      }
      scheduler.computed(part);
      row += rows;
      if (complete) {
        chooseNext(sequence, (row - 1) * backend.vocabularySize());
      }
    }
  }

  /**
   * Reports the prompt tokens that follow the step's rows; a row's logits foretell the next token.
   */
  private void scorePrompt(Sequence sequence, int firstRow, int rows) {
    List<TokenLogprobs> scored = new ArrayList<>();
    for (int i = 0; i < rows; i++) {
      int next = sequence.computedCount() + i + 1;
      if (next >= sequence.scoredCount() && next < sequence.promptTokenCount()) {
        scored.add(
            Logprobs.of(
                logits,
                (firstRow + i) * backend.vocabularySize(),
                backend.vocabularySize(),
                sequence.token(next),
                sequence.params().promptLogprobs()));
      }
    }
    sequence.setScoredCount(Math.max(sequence.scoredCount(), sequence.computedCount() + rows + 1));
    if (!scored.isEmpty()) {
      emit(sequence.request(), new SequenceEvent.PromptScored(sequence.request().id(), scored));
    }
  }

  private void chooseNext(Sequence sequence, int offset) {
    int maxTokens = sequence.params().maxTokens();
    if (sequence.answerCount() >= maxTokens) {
      finish(sequence, FinishReason.LENGTH);
      return;
    }
    if (sequence.answerCount() == 0) {
      emit(
          sequence.request(),
          new SequenceEvent.PromptComputed(
              sequence.request().id(), sequence.usage().cachedTokens()));
    }
    int topLogprobs = sequence.params().topLogprobs();
    float[] raw =
        topLogprobs < 0
            ? null
            : Arrays.copyOfRange(logits, offset, offset + backend.vocabularySize());
    int token = sampler.sample(logits, offset, sequence.params(), sequence);
    if (token < 0) {
      fail(
          sequence.request().id(),
          new Failure.EngineFailed("The model gave no finite logits for this request."));
      return;
    }
    sequence.append(token);
    generatedTokens++;
    if (sequence.params().stopTokens().contains(token)) {
      finish(sequence, FinishReason.STOP);
      return;
    }
    TokenLogprobs logprobs =
        raw == null ? null : Logprobs.of(raw, 0, raw.length, token, topLogprobs);
    emit(sequence.request(), new SequenceEvent.Token(sequence.request().id(), token, logprobs));
    if (sequence.answerCount() >= maxTokens) {
      finish(sequence, FinishReason.LENGTH);
    }
  }

  private void finish(Sequence sequence, FinishReason reason) {
    scheduler.remove(sequence.request().id());
    emit(
        sequence.request(),
        new SequenceEvent.Finished(sequence.request().id(), reason, sequence.usage()));
  }

  private void fail(RequestId id, Failure failure) {
    Sequence sequence = scheduler.remove(id);
    if (sequence != null) {
      emit(sequence.request(), new SequenceEvent.Failed(id, failure));
    }
  }

  private void emit(GenerationRequest request, SequenceEvent event) {
    if (event instanceof SequenceEvent.Finished || event instanceof SequenceEvent.Failed) {
      endedCount++;
    }
    sink.emit(request.replyTo(), event);
  }

  /** The engine's state in numbers. */
  public EngineStatus status(String version, long batchesReceived) {
    return new EngineStatus(
        version,
        batchesReceived,
        scheduler.runningCount(),
        scheduler.waitingCount(),
        settings.maxRunning(),
        cache.freeBlocks(),
        cache.blockCount(),
        cache.cachedBlocks(),
        stepCount,
        scheduler.promptTokensComputed(),
        generatedTokens,
        scheduler.preemptionCount(),
        endedCount,
        Math.round(stepMicros),
        cache.hostBlockCount(),
        cache.hostCachedBlocks());
  }

  @Override
  public void close() {
    failAll(new Failure.Unavailable("The model is being unloaded."));
    backend.close();
  }
}
