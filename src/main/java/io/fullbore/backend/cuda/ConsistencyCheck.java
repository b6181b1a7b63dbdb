package io.fullbore.backend.cuda;

import io.fullbore.backend.BackendException;
import io.fullbore.backend.StepBatch;
import io.fullbore.kv.BlockTable;
import io.fullbore.kv.KvCache;
import java.util.Arrays;

/**
 * Whether a device's kernels agree with each other: a prompt computed in one piece takes other
 * kernels than the same prompt token by token, and both must foretell the same. A device, a driver
 * or a compiler that gets some kernel wrong is found before anybody gets a wrong answer. It also
 * lets the driver load the kernels before the first request.
 */
final class ConsistencyCheck {
  /** Enough rows for the kernels of many rows. */
  private static final int TOKENS = 40;

  private static final int TOKEN_STRIDE = 7919; // a prime, so that tokens differ

  /**
   * Root mean square of the differences, relative to the logits' standard deviation. Rounding
   * differs by a few hundredths at most; logits that have nothing to do with each other by 1.4.
   */
  private static final double MAX_DIFFERENCE = 0.2;

  private ConsistencyCheck() {}

  /**
   * Runs it on a backend that nothing else uses yet; leaves nothing that matters in its blocks.
   *
   * @throws BackendException when the kernels disagree, or the device fails
   */
  static void run(CudaBackend backend) {
    int room = Math.min(backend.blockCount() * backend.blockTokens(), backend.maxPositions());
    int count = Math.min(Math.min(TOKENS, room), backend.maxStepTokens());
    int[] tokens = new int[count];
    Arrays.setAll(tokens, i -> (int) ((long) (i + 1) * TOKEN_STRIDE % backend.vocabularySize()));
    BlockTable table = new BlockTable();
    new KvCache(backend.blockCount(), backend.blockTokens(), false).grow(table, count);
    float[] whole = new float[backend.vocabularySize()];
    float[] single = new float[backend.vocabularySize()];
    StepBatch batch = new StepBatch(count);
    batch.add(tokens, 0, count, table, StepBatch.Want.LAST);
    backend.forward(batch, whole);
    for (int i = 0; i < count; i++) {
      batch.clear();
      batch.add(tokens, i, 1, table, StepBatch.Want.LAST);
      backend.forward(batch, single);
    }
    double difference = difference(whole, single);
    if (!(difference <= MAX_DIFFERENCE)) {
      throw new BackendException(
          "the GPU's kernels disagree with each other (by %.2f of the logits' deviation); use engine.backend=cpu, and please report the GPU and its driver"
              .formatted(difference),
          null);
    }
  }

  private static double difference(float[] whole, float[] single) {
    double mean = 0;
    for (float logit : whole) {
      mean += logit / (double) whole.length;
    }
    double squares = 0;
    double deviations = 0;
    for (int i = 0; i < whole.length; i++) {
      double difference = whole[i] - (double) single[i];
      squares += difference * difference;
      deviations += (whole[i] - mean) * (whole[i] - mean);
    }
    return squares == 0 ? 0 : Math.sqrt(squares / deviations);
  }
}
