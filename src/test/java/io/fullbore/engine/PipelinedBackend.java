package io.fullbore.engine;

import io.fullbore.backend.BackendException;
import io.fullbore.backend.StepBatch;
import io.fullbore.backend.StepResult;
import io.fullbore.core.SamplingParams;
import io.fullbore.sampling.Logprobs;
import io.fullbore.sampling.Sampler;
import io.fullbore.sampling.TokenHistory;
import io.fullbore.sampling.TokenLogprobs;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A remembering backend that takes a second step while one is begun. It runs a step only when that
 * is awaited, and finds out only then which tokens were chosen before, so that whatever relies on
 * an earlier result or on a batch that has changed meanwhile gets a wrong text.
 */
final class PipelinedBackend extends RememberingBackend {
  static final int DEPTH = 2;

  /** What a step that failed has chosen: anything. */
  private static final int GARBAGE = 7;

  /** What is chosen from a logit row. */
  private record Choice(
      @Nullable SamplingParams params,
      @Nullable TokenHistory history,
      int @Nullable [] mask,
      int scoredToken,
      int topCount) {}

  private record Step(List<Runnable> copies, Rows rows, Choice[] choices) {}

  /** A history as it was when the step was begun. */
  private record CopiedHistory(int[] tokens, int promptTokenCount) implements TokenHistory {
    static CopiedHistory of(TokenHistory history) {
      int[] tokens = new int[history.tokenCount()];
      Arrays.setAll(tokens, history::token);
      return new CopiedHistory(tokens, history.promptTokenCount());
    }

    @Override
    public int tokenCount() {
      return tokens.length;
    }

    @Override
    public int token(int index) {
      return tokens[index];
    }
  }

  private final Sampler sampler = new Sampler(VOCABULARY_SIZE);
  private final List<Runnable> copies = new ArrayList<>(); // before the step that is begun next
  private final Deque<Step> steps = new ArrayDeque<>();
  private int[] chosenBefore = new int[0]; // [logitRow] of the step that ran last
  private int spoiledSteps; // begun before the failure of another one was known
  private int deepest;

  PipelinedBackend(int blockCount, int hostBlockCount, int blockTokens, int maxStepTokens) {
    super(blockCount, hostBlockCount, blockTokens, maxStepTokens);
  }

  /** The most steps that were begun at the same time. */
  int deepest() {
    return deepest;
  }

  int begunCount() {
    return steps.size();
  }

  @Override
  public int pipelineDepth() {
    return DEPTH;
  }

  @Override
  public void begin(StepBatch batch) {
    if (steps.size() == DEPTH) {
      throw new IllegalStateException("too many steps are begun");
    }
    Choice[] choices = new Choice[batch.logitRowCount()];
    Arrays.setAll(choices, logitRow -> choice(batch, logitRow));
    steps.add(new Step(List.copyOf(copies), copy(batch), choices));
    copies.clear();
    deepest = Math.max(deepest, steps.size());
  }

  private static Choice choice(StepBatch batch, int logitRow) {
    StepBatch.Want.Token wanted = batch.sampled(logitRow);
    if (wanted == null) {
      return new Choice(null, null, null, batch.scoredToken(logitRow), batch.topCount(logitRow));
    }
    return new Choice(
        wanted.params(),
        CopiedHistory.of(wanted.history()),
        wanted.allowed() == null ? null : wanted.allowed().mask().clone(),
        -1,
        batch.topCount(logitRow));
  }

  @Override
  public void copyOut(int block, int hostBlock) {
    callForCopy();
    copies.add(() -> moveOut(block, hostBlock));
  }

  @Override
  public void copyIn(int hostBlock, int block) {
    callForCopy();
    copies.add(() -> moveIn(hostBlock, block));
  }

  @Override
  public StepResult await() {
    Step step = steps.remove();
    step.copies.forEach(Runnable::run);
    resolve(step.rows);
    if (spoiledSteps > 0) {
      spoiledSteps--;
      return runOnGarbage(step);
    }
    float[] logits = new float[step.choices.length * VOCABULARY_SIZE];
    try {
      run(step.rows, logits);
    } catch (BackendException e) {
      spoiledSteps = steps.size();
      chosenBefore = new int[step.choices.length];
      Arrays.fill(chosenBefore, GARBAGE);
      throw e;
    }
    StepResult result = choose(step.choices, logits);
    chosenBefore = result.tokens();
    return result;
  }

  /** Puts in what was chosen before. */
  private void resolve(Rows rows) {
    for (int row = 0; row < rows.tokens().length; row++) {
      int logitRow = StepBatch.logitRowBefore(rows.tokens()[row]);
      if (logitRow >= 0) {
        rows.tokens()[row] = Math.max(0, chosenBefore[logitRow]);
      }
    }
  }

  /** Spoils the KV of its tokens; sometimes that is noticed and sometimes not. */
  private StepResult runOnGarbage(Step step) {
    int rowCount = step.rows.tokens().length;
    Arrays.fill(step.rows.tokens(), GARBAGE);
    for (int row = 0; row < rowCount; row++) {
      store(step.rows, row);
    }
    if (rowCount % 2 == 1) {
      throw new BackendException("the step ran on garbage", null);
    }
    int logitRows = step.choices.length;
    return new StepResult(new int[logitRows], new TokenLogprobs[logitRows]);
  }

  private StepResult choose(Choice[] choices, float[] logits) {
    int[] tokens = new int[choices.length];
    @Nullable TokenLogprobs[] logprobs = new TokenLogprobs[choices.length];
    float[] unchanged = logits.clone();
    for (int row = 0; row < choices.length; row++) {
      Choice choice = choices[row];
      int offset = row * VOCABULARY_SIZE;
      tokens[row] =
          choice.params == null || choice.history == null
              ? -1
              : sampler.sample(logits, offset, choice.params, choice.history, choice.mask);
      int token = choice.params == null ? choice.scoredToken : tokens[row];
      if (token >= 0 && choice.topCount >= 0) {
        logprobs[row] = Logprobs.of(unchanged, offset, VOCABULARY_SIZE, token, choice.topCount);
      }
    }
    return new StepResult(tokens, logprobs);
  }
}
