package io.fullbore.engine;

import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendException;
import io.fullbore.backend.StepResult;
import io.fullbore.core.Constraint;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.core.RequestId;
import io.fullbore.kv.BlockCopy;
import io.fullbore.kv.KvCache;
import io.fullbore.sampling.TokenLogprobs;
import io.fullbore.sampling.grammar.GrammarException;
import io.fullbore.sampling.grammar.Grammars;
import io.fullbore.sampling.grammar.TokenGrammar;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Continuous batching over one backend: sequences come and go between steps, and each step computes
 * one token of all that decode and chunks of the prompts that wait. Where the backend can, the next
 * step is planned and begun while one runs, see {@link Pipeline}.
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
  private final @Nullable Grammars grammars;
  private final EventSink sink;
  private final LongSupplier nanoClock;
  private final KvCache cache;
  private final Scheduler scheduler;
  private final Pipeline pipeline;
  private final StepBudget budget;
  private long lastEndNanos = Long.MIN_VALUE;
  private long stepCount;
  private long endedCount;
  private double stepMicros;
  private long generatedTokens;
  private @Nullable String fault;

  /** An engine that takes no constrained requests. */
  public Engine(Backend backend, EngineSettings settings, EventSink sink, LongSupplier nanoClock) {
    this(backend, settings, null, sink, nanoClock);
  }

  /**
   * @param grammars of the model's vocabulary; null where no request has a constraint
   * @param nanoClock a monotonic clock, such as {@link System#nanoTime}
   */
  public Engine(
      Backend backend,
      EngineSettings settings,
      @Nullable Grammars grammars,
      EventSink sink,
      LongSupplier nanoClock) {
    if (settings.maxRunning() > backend.maxStepTokens()) {
      throw new IllegalArgumentException(
          "engine.maxRunning=%d must not exceed engine.maxStepTokens=%d: every running sequence decodes one token per step"
              .formatted(settings.maxRunning(), backend.maxStepTokens()));
    }
    this.backend = backend;
    this.settings = settings;
    this.grammars = grammars;
    this.sink = sink;
    this.nanoClock = nanoClock;
    cache =
        new KvCache(
            backend.blockCount(),
            backend.hostBlockCount(),
            backend.blockTokens(),
            settings.prefixCache());
    scheduler = new Scheduler(cache, settings.maxRunning());
    pipeline = new Pipeline(backend);
    budget = new StepBudget(settings.stepTargetMs() * 1_000_000, backend.maxStepTokens());
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
    TokenGrammar grammar = null;
    Constraint constraint = request.params().constraint();
    if (constraint != null) {
      try {
        grammar = compile(constraint);
      } catch (GrammarException e) {
        Failure failure = new Failure.InvalidRequest(e.getMessage(), null, "invalid_value");
        emit(request, new SequenceEvent.Failed(request.id(), failure));
        return;
      }
    }
    scheduler.add(request, grammar);
  }

  /** Where the API is in the same process, it has compiled the grammar already. */
  private TokenGrammar compile(Constraint constraint) {
    if (grammars == null) {
      throw new GrammarException("this engine takes no constraints");
    }
    return grammars.compile(constraint);
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

  /** Whether {@link #step} has something to do: a sequence to compute or a step to await. */
  public boolean hasWork() {
    return !scheduler.isEmpty() || !pipeline.isEmpty();
  }

  /**
   * One step: schedule, begin, await the oldest one begun, postprocess. Where the backend's
   * pipeline is deeper than one step, another one runs when this returns. Does nothing without
   * work.
   */
  public void step() {
    while (!pipeline.isFull() && beginNext()) {}
    if (!pipeline.isEmpty()) {
      endOldest();
    }
  }

  private boolean beginNext() {
    StepPlan plan = scheduler.schedule(budget);
    if (plan.isEmpty()) {
      return false;
    }
    List<StepPlan.Part> parts = List.copyOf(plan.parts());
    try {
      begin(parts, plan.tokenCount());
    } catch (BackendException e) {
      if (lost(e)) {
        return false;
      }
      LOG.warn("a step of sequences={} could not be begun, trying them alone", parts.size(), e);
      while (!pipeline.isEmpty()) {
        endOldest();
      }
      parts.forEach(this::stepAlone);
    }
    return true;
  }

  /**
   * @throws BackendException when a block could not be copied from one tier to the other; nothing
   *     was begun, and the copy is still to be made
   */
  private void begin(List<StepPlan.Part> parts, int tokenCount) {
    cache.drainCopies(this::copy);
    pipeline.begin(new Pipeline.Step(parts, tokenCount, nanoClock.getAsLong()));
  }

  private void copy(BlockCopy copy) {
    switch (copy) {
      case BlockCopy.Out(int block, int hostBlock) -> backend.copyOut(block, hostBlock);
      case BlockCopy.In(int hostBlock, int block) -> backend.copyIn(hostBlock, block);
    }
  }

  private void endOldest() {
    Pipeline.Step step = pipeline.oldest();
    try {
      postprocess(step.parts(), pipeline.await());
    } catch (BackendException e) {
      if (lost(e)) {
        return;
      }
      LOG.warn("a step of sequences={} failed, trying them one by one", step.parts().size(), e);
      pipeline.rollBack(step);
      step.parts().forEach(this::stepAlone);
    }
    measure(step);
  }

  /** Repeats the part of a failed step, unless its sequence has left it or lost its blocks. */
  private void stepAlone(StepPlan.Part part) {
    if (!scheduler.holds(part.sequence()) || !part.isCurrent()) {
      return;
    }
    List<StepPlan.Part> alone = List.of(part);
    try {
      begin(alone, part.tokenCount());
      postprocess(alone, pipeline.await());
    } catch (BackendException e) {
      if (lost(e)) {
        return;
      }
      LOG.error("sequence={} failed alone", part.sequence().request().id(), e);
      fail(
          part.sequence().request().id(),
          new Failure.EngineFailed("The model failed on this request: " + e.getMessage()));
    }
  }

  /** Whether the backend's device is gone; then all sequences end, and nothing more is computed. */
  private boolean lost(BackendException e) {
    if (e.isDeviceLost() && fault == null) {
      LOG.error("the engine's device is lost; all its requests fail", e);
      fault = e.getMessage();
      pipeline.drain();
      failAll(new Failure.EngineFailed("The model's device failed: " + fault));
    }
    return fault != null;
  }

  /** Why nothing is computed any more, null while all is well; the engine can only be closed. */
  @Nullable String fault() {
    return fault;
  }

  /** A step that was begun while another one ran takes the time from the end of that one on. */
  private void measure(Pipeline.Step step) {
    long end = nanoClock.getAsLong();
    long nanos = end - Math.max(step.begunNanos(), lastEndNanos);
    lastEndNanos = end;
    stepMicros += NEW_SAMPLE_WEIGHT * (nanos / 1e3 - stepMicros);
    stepCount++;
    budget.measured(step.tokenCount(), nanos);
  }

  /** Reports what a step gave to the sequences that have not ended while it ran. */
  private void postprocess(List<StepPlan.Part> parts, StepResult result) {
    int row = 0;
    for (StepPlan.Part part : parts) {
      if (scheduler.holds(part.sequence())) {
        reportScores(part, result, row);
        scheduler.computed(part);
        if (part.completes()) {
          complete(part, result, row + part.scoredCount());
        }
      }
      row += part.logitRowCount();
    }
  }

  /** Reports the scored prompt tokens, less those reported before a restart. */
  private void reportScores(StepPlan.Part part, StepResult result, int firstRow) {
    Sequence sequence = part.sequence();
    List<TokenLogprobs> scored = new ArrayList<>();
    for (int i = 0; i < part.scoredCount(); i++) {
      TokenLogprobs logprobs = result.logprobs()[firstRow + i];
      if (logprobs != null && part.scoredFrom() + i >= sequence.scoredCount()) {
        scored.add(logprobs);
      }
    }
    if (!scored.isEmpty()) {
      sequence.setScoredCount(part.scoredTo());
      emit(sequence.request(), new SequenceEvent.PromptScored(sequence.request().id(), scored));
    }
  }

  private void complete(StepPlan.Part part, StepResult result, int row) {
    Sequence sequence = part.sequence();
    if (!part.choosesNext()) {
      finish(sequence, FinishReason.LENGTH);
      return;
    }
    RequestId id = sequence.request().id();
    if (sequence.knownAnswerCount() == 1) {
      emit(
          sequence.request(),
          new SequenceEvent.PromptComputed(id, sequence.usage().cachedTokens()));
    }
    int token = result.tokens()[row];
    if (token < 0) {
      String why =
          sequence.params().constraint() == null
              ? "The model gave no finite logits for this request."
              : "The model has no token that the request's grammar allows here.";
      fail(id, new Failure.EngineFailed(why));
      return;
    }
    generatedTokens++;
    if (sequence.params().stopTokens().contains(token)) {
      finish(sequence, FinishReason.STOP);
      return;
    }
    emit(sequence.request(), new SequenceEvent.Token(id, token, result.logprobs()[row]));
    if (sequence.isComplete()) {
      finish(sequence, FinishReason.STOP);
    } else if (sequence.knownAnswerCount() >= sequence.params().maxTokens()) {
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
        cache.hostCachedBlocks(),
        fault);
  }

  @Override
  public void close() {
    failAll(new Failure.Unavailable("The model is being unloaded."));
    try {
      pipeline.drain();
    } finally {
      backend.close();
    }
  }
}
