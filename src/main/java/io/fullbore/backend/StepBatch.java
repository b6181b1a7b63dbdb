package io.fullbore.backend;

import io.fullbore.core.SamplingParams;
import io.fullbore.kv.BlockTable;
import io.fullbore.sampling.AllowedTokens;
import io.fullbore.sampling.TokenHistory;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one step: a ragged batch of sequences, each with one or more consecutive tokens.
 *
 * <pre>
 *   sequence   0        1              2
 *   row        0        1    2    3    4
 *   token      t        p0   p1   p2   t        one decode, a chunk of a prompt, one decode
 *   position   57       0    1    2    8
 *   logits     yes                     yes      here the prompt goes on in a later step
 *   logit row  0                       1
 * </pre>
 *
 * <p>A row's token may be what the step begun before this one chooses, see {@link #chosenBefore};
 * only backends whose pipeline is deeper than one step get such rows.
 *
 * <p>Filled and read by the engine thread, then cleared and filled again.
 */
public final class StepBatch {
  /** What is wanted of a sequence's rows. */
  public sealed interface Want {
    /** Nothing: the prompt goes on in a later step. */
    Want NONE = new Nothing();

    /** The last row's logits themselves, for {@link Backend#forward}. */
    Want LAST = new Logits(false);

    /** All rows' logits themselves, for {@link Backend#forward}. */
    Want ALL = new Logits(true);

    record Nothing() implements Want {}

    record Logits(boolean ofAllRows) implements Want {}

    /**
     * The token after the last row, and its log-probabilities if {@code params.topLogprobs} is not
     * negative.
     *
     * @param history the sequence's tokens up to the last row; when the step is begun it is as long
     *     as then, later it grows. Where the choice depends on it, all of its tokens are known
     * @param allowed the tokens that may be chosen, asked when the step is begun; null for all
     */
    record Token(SamplingParams params, TokenHistory history, @Nullable AllowedTokens allowed)
        implements Want {
      /** Any token may be chosen. */
      public Token(SamplingParams params, TokenHistory history) {
        this(params, history, null);
      }
    }

    /**
     * The log-probabilities of the sequence's own tokens {@code [from, to)}, each foretold by the
     * row before it, which is among the step's.
     *
     * @param topCount alternatives per token
     * @param next the token after the last row, null where none is wanted
     */
    record Scores(int from, int to, int topCount, @Nullable Token next) implements Want {}
  }

  private static final int NOT_SCORED = -1;

  private final int[] tokens; // [row]
  private final int[] positions; // [row]
  private final int[] sequenceOf; // [row]
  private final int[] logitRows; // [logitRow], row numbers
  private final Want.@Nullable Token[] sampled; // [logitRow]
  private final int[] scoredTokens; // [logitRow]
  private final int[] scoredTopCounts; // [logitRow]
  private final @Nullable BlockTable[] tables; // [sequence]
  private int rowCount;
  private int sequenceCount;
  private int logitRowCount;

  public StepBatch(int maxRows) {
    tokens = new int[maxRows];
    positions = new int[maxRows];
    sequenceOf = new int[maxRows];
    logitRows = new int[maxRows];
    sampled = new Want.Token[maxRows];
    scoredTokens = new int[maxRows];
    scoredTopCounts = new int[maxRows];
    tables = new BlockTable[maxRows];
  }

  /** The token, not known yet, that the step begun before this one chooses for a logit row. */
  public static int chosenBefore(int logitRow) {
    return -1 - logitRow;
  }

  /** The logit row of {@link #chosenBefore}, or a negative number for a known token. */
  public static int logitRowBefore(int token) {
    return -1 - token;
  }

  public void clear() {
    Arrays.fill(tables, 0, sequenceCount, null);
    Arrays.fill(sampled, 0, logitRowCount, null);
    rowCount = 0;
    sequenceCount = 0;
    logitRowCount = 0;
  }

  /**
   * Adds the tokens {@code [from, from + count)} of a sequence, whose positions are the same
   * numbers.
   *
   * @param sequenceTokens all tokens of the sequence
   * @param table holds blocks for all positions up to {@code from + count}
   */
  public void add(int[] sequenceTokens, int from, int count, BlockTable table, Want want) {
    if (count < 1 || rowCount + count > tokens.length) {
      throw new IllegalArgumentException(
          "count=%d rows do not fit beside rowCount=%d of %d"
              .formatted(count, rowCount, tokens.length));
    }
    int firstRow = rowCount;
    for (int i = 0; i < count; i++) {
      tokens[rowCount] = sequenceTokens[from + i];
      positions[rowCount] = from + i;
      sequenceOf[rowCount] = sequenceCount;
      rowCount++;
    }
    tables[sequenceCount++] = table;
    int lastRow = rowCount - 1;
    switch (want) {
      case Want.Nothing() -> {}
      case Want.Logits(boolean ofAllRows) -> {
        for (int row = ofAllRows ? firstRow : lastRow; row <= lastRow; row++) {
          addLogitRow(row, null, NOT_SCORED, 0);
        }
      }
      case Want.Token token -> addLogitRow(lastRow, token, NOT_SCORED, 0);
      case Want.Scores scores -> {
        for (int next = scores.from; next < scores.to; next++) {
          addLogitRow(firstRow + next - 1 - from, null, sequenceTokens[next], scores.topCount);
        }
        if (scores.next != null) {
          addLogitRow(lastRow, scores.next, NOT_SCORED, 0);
        }
      }
    }
  }

  private void addLogitRow(int row, Want.@Nullable Token token, int scoredToken, int topCount) {
    logitRows[logitRowCount] = row;
    sampled[logitRowCount] = token;
    scoredTokens[logitRowCount] = scoredToken;
    scoredTopCounts[logitRowCount] = topCount;
    logitRowCount++;
  }

  public int rowCount() {
    return rowCount;
  }

  public int logitRowCount() {
    return logitRowCount;
  }

  /** The row's token; negative where it is {@link #chosenBefore}. */
  public int token(int row) {
    return tokens[row];
  }

  public int position(int row) {
    return positions[row];
  }

  /** The blocks of the sequence that the row belongs to. */
  public BlockTable table(int row) {
    BlockTable table = tables[sequenceOf[row]];
    if (table == null) {
      throw new IndexOutOfBoundsException("row=%d rowCount=%d".formatted(row, rowCount));
    }
    return table;
  }

  /** Whether a row goes on where the row before it ends: the next position of its sequence. */
  public boolean continuesRun(int row) {
    return row > 0 && table(row) == table(row - 1) && positions[row] == positions[row - 1] + 1;
  }

  /** The row that the logits number {@code logitRow} belong to. */
  public int logitRow(int logitRow) {
    return logitRows[logitRow];
  }

  /** How the token after the row is chosen; null where none is. */
  public Want.@Nullable Token sampled(int logitRow) {
    return sampled[logitRow];
  }

  /**
   * Alternatives wanted beside the token that is chosen or scored; negative where not even its own
   * log-probability is.
   */
  public int topCount(int logitRow) {
    Want.Token wanted = sampled[logitRow];
    if (wanted != null) {
      return wanted.params().topLogprobs();
    }
    return scoredTokens[logitRow] == NOT_SCORED ? -1 : scoredTopCounts[logitRow];
  }

  /** The token after the row whose log-probabilities are wanted; -1 where none are. */
  public int scoredToken(int logitRow) {
    return scoredTokens[logitRow];
  }
}
