package io.fullbore.backend;

/**
 * Runs a decoder graph over the rows of a step and holds the memory of the KV cache. One engine
 * thread calls it; the engine decides what lies in which block.
 *
 * <p>Every implementation passes the same contract test. In particular a row's result depends on
 * its own sequence alone, not on what else is in the step or how a prompt was split into chunks, so
 * that a text is the same alone and in a batch: to the bit, or to rounding where kernels differ by
 * the number of rows.
 *
 * <p>A step is begun, then awaited; where {@link #pipelineDepth} is 2, the host prepares the next
 * one meanwhile:
 *
 * <pre>
 *   begin(1)  begin(2)  await() -> 1  begin(3)  await() -> 2  ...
 * </pre>
 *
 * <p>Steps run in the order they were begun. A block may therefore change hands between two steps
 * while the first still runs.
 */
public interface Backend extends AutoCloseable {
  /** One line for people: kind, threads or device, memory. */
  String describe();

  /** Blocks of the KV cache. */
  int blockCount();

  /** Blocks of a second tier of the KV cache in host memory; 0 where there is none. */
  default int hostBlockCount() {
    return 0;
  }

  /** Tokens per block. */
  int blockTokens();

  /** Rows of a step at most. */
  int maxStepTokens();

  /** Logits per row. */
  int vocabularySize();

  /** Steps that may be begun and not awaited at the same time: 1 or 2. */
  int pipelineDepth();

  /**
   * Starts to compute all rows of {@code batch} and to choose what it wants. Copies what it needs
   * of the batch, its block tables and its histories before it returns, as all of them change then.
   * A failure of the step is thrown by {@link #await}.
   *
   * <p>Where a row's token is {@link StepBatch#chosenBefore} and that choice was -1, the row's own
   * results are of no interest, but the other rows' are.
   *
   * @throws IllegalStateException when {@link #pipelineDepth} steps are begun already
   */
  void begin(StepBatch batch);

  /**
   * Waits for the oldest step begun and not awaited yet.
   *
   * @return its tokens and log-probabilities
   * @throws BackendException when that step failed; nothing of it counts. A step begun after it has
   *     computed on what it left behind: the caller awaits and discards it
   * @throws IllegalStateException when no step is begun
   */
  StepResult await();

  /**
   * Computes all rows of {@code batch}, whose tokens are all known, while no step is begun: writes
   * their keys and values to the KV cache, and the logits of the rows that asked for them, in row
   * order, to {@code logits}.
   *
   * <p>Running the same rows again is harmless: it writes the same keys and values.
   *
   * @param logits [logitRow][vocabularySize], at least {@code batch.logitRowCount()} rows
   * @throws BackendException when the step failed; nothing of it counts
   */
  void forward(StepBatch batch, float[] logits);

  /**
   * Copies the keys and values of a block of the KV cache to a block in host memory. Copies of both
   * directions and steps take effect in the order of the calls. Called only where there are host
   * blocks.
   *
   * @throws BackendException when the copy failed; it is tried again before anything else
   */
  default void copyOut(int block, int hostBlock) {
    throw new UnsupportedOperationException("no host blocks: " + describe());
  }

  /** Copies a block in host memory back to a block of the KV cache; see {@link #copyOut}. */
  default void copyIn(int hostBlock, int block) {
    throw new UnsupportedOperationException("no host blocks: " + describe());
  }

  @Override
  void close();
}
