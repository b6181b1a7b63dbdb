package io.fullbore.backend;

import io.fullbore.sampling.Logprobs;
import io.fullbore.sampling.Sampler;
import io.fullbore.sampling.TokenLogprobs;
import org.jspecify.annotations.Nullable;

/**
 * A backend that computes logits and leaves the choice of tokens to the host: a step runs as a
 * whole in {@link #begin}, on the engine thread, and {@link #await} hands its result out.
 */
public abstract class HostSampledBackend implements Backend {
  private final Sampler sampler;
  private final float[] unchanged; // [vocabularySize], a row as it was before penalties
  private float[] logits = new float[0]; // [logitRow][vocabularySize]
  private @Nullable StepResult result;
  private @Nullable BackendException failure;

  protected HostSampledBackend(int vocabularySize) {
    sampler = new Sampler(vocabularySize);
    unchanged = new float[vocabularySize];
  }

  @Override
  public final int vocabularySize() {
    return unchanged.length;
  }

  @Override
  public int pipelineDepth() {
    return 1;
  }

  @Override
  public void begin(StepBatch batch) {
    if (result != null || failure != null) {
      throw new IllegalStateException("a step was begun before the one before it was awaited");
    }
    int needed = Math.multiplyExact(batch.logitRowCount(), vocabularySize());
    if (logits.length < needed) {
      logits = new float[needed];
    }
    try {
      forward(batch, logits);
      result = choose(batch);
    } catch (BackendException e) {
      failure = e;
    }
  }

  private StepResult choose(StepBatch batch) {
    int[] tokens = new int[batch.logitRowCount()];
    @Nullable TokenLogprobs[] logprobs = new TokenLogprobs[tokens.length];
    for (int row = 0; row < tokens.length; row++) {
      int offset = row * vocabularySize();
      StepBatch.Want.Token wanted = batch.sampled(row);
      int scored = batch.scoredToken(row);
      int topCount = batch.topCount(row);
      tokens[row] = -1;
      if (wanted != null) {
        if (topCount >= 0) {
          System.arraycopy(logits, offset, unchanged, 0, unchanged.length);
        }
        int[] mask = wanted.allowed() == null ? null : wanted.allowed().mask();
        tokens[row] = sampler.sample(logits, offset, wanted.params(), wanted.history(), mask);
        if (topCount >= 0 && tokens[row] >= 0) {
          logprobs[row] = Logprobs.of(unchanged, 0, unchanged.length, tokens[row], topCount);
        }
      } else if (scored >= 0) {
        logprobs[row] = Logprobs.of(logits, offset, vocabularySize(), scored, topCount);
      }
    }
    return new StepResult(tokens, logprobs);
  }

  @Override
  public StepResult await() {
    StepResult given = result;
    BackendException thrown = failure;
    result = null;
    failure = null;
    if (thrown != null) {
      throw thrown;
    }
    if (given == null) {
      throw new IllegalStateException("no step was begun");
    }
    return given;
  }
}
