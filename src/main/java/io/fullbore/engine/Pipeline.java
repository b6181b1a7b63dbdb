package io.fullbore.engine;

import io.fullbore.backend.Backend;
import io.fullbore.backend.BackendException;
import io.fullbore.backend.StepBatch;
import io.fullbore.backend.StepResult;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The steps that the backend has begun and the engine has not awaited: none, one, or two where the
 * backend lets the host prepare a step while it computes the one before.
 *
 * <pre>
 *   host     begin 1 | begin 2 | await 1, events | begin 3 | await 2, events | ...
 *   device             step 1 ....... | step 2 ............... | step 3 ......
 * </pre>
 *
 * <p>When a step is begun, its tokens count as computed, and a sequence that it completes gets an
 * unknown token: the place of the one that the step chooses. With it the sequence can be in the
 * next step already. Awaiting the step fills the place; when the step fails, {@link #rollBack}
 * brings the sequences back to the tokens that are known. Owned by the engine thread.
 */
final class Pipeline {
  private static final Logger LOG = LoggerFactory.getLogger(Pipeline.class);

  /**
   * A step begun.
   *
   * @param parts in the order of the rows
   * @param tokenCount rows of all parts
   * @param begunNanos when it was begun
   */
  record Step(List<StepPlan.Part> parts, int tokenCount, long begunNanos) {}

  private final Backend backend;
  private final StepBatch batch;
  private final Deque<Step> steps = new ArrayDeque<>(); // oldest first

  Pipeline(Backend backend) {
    this.backend = backend;
    this.batch = new StepBatch(backend.maxStepTokens());
  }

  boolean isEmpty() {
    return steps.isEmpty();
  }

  /** Whether a step has to be awaited before the next one can be begun. */
  boolean isFull() {
    return steps.size() >= backend.pipelineDepth();
  }

  void begin(Step step) {
    batch.clear();
    step.parts.forEach(this::addRows);
    backend.begin(batch);
    steps.add(step);
    int logitRow = 0;
    for (StepPlan.Part part : step.parts) {
      logitRow += part.logitRowCount();
      part.sequence().advance(part.tokenCount());
      if (part.choosesNext()) {
        part.sequence().appendUnknown(StepBatch.chosenBefore(logitRow - 1));
      }
    }
  }

  private void addRows(StepPlan.Part part) {
    Sequence sequence = part.sequence();
    batch.add(sequence.tokens(), part.from(), part.tokenCount(), sequence.blocks(), want(part));
  }

  private static StepBatch.Want want(StepPlan.Part part) {
    Sequence sequence = part.sequence();
    StepBatch.Want.Token next = part.choosesNext() ? sequence.nextToken() : null;
    if (part.scoredCount() > 0) {
      return new StepBatch.Want.Scores(
          part.scoredFrom(), part.scoredTo(), sequence.params().promptLogprobs(), next);
    }
    return next == null ? StepBatch.Want.NONE : next;
  }

  /** The step that is awaited next. */
  Step oldest() {
    return steps.element();
  }

  /**
   * Waits for the oldest step, which then is no longer the pipeline's, and fills the places of the
   * tokens it chose.
   *
   * @throws BackendException when it failed; the caller rolls it back
   */
  StepResult await() {
    Step step = steps.remove();
    StepResult result = backend.await();
    int logitRow = 0;
    for (StepPlan.Part part : step.parts) {
      logitRow += part.logitRowCount();
      if (part.choosesNext()) {
        part.sequence().fillUnknown(result.tokens()[logitRow - 1]);
      }
    }
    return result;
  }

  /**
   * Discards all steps begun after {@code failed}, and brings the sequences of all of them back to
   * where they were before it. The KV before a step's tokens is as it was, and theirs is written
   * again.
   */
  void rollBack(Step failed) {
    for (int i = 0; i < steps.size(); i++) {
      discardResult();
    }
    for (Iterator<Step> newestFirst = steps.descendingIterator(); newestFirst.hasNext(); ) {
      rollBackParts(newestFirst.next());
    }
    steps.clear();
    rollBackParts(failed);
  }

  private void discardResult() {
    try {
      backend.await();
    } catch (BackendException e) {
      LOG.debug("a step to be discarded failed", e);
    }
  }

  private static void rollBackParts(Step step) {
    for (StepPlan.Part part : step.parts) {
      part.sequence().forgetUnknown();
      if (part.isCurrent()) {
        part.sequence().rewindTo(part.from());
      }
    }
  }

  /** Waits until the backend rests; what the steps give is of no interest any more. */
  void drain() {
    while (!steps.isEmpty()) {
      steps.remove();
      discardResult();
    }
  }
}
