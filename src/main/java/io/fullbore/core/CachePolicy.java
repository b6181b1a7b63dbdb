package io.fullbore.core;

/**
 * Which of a caller's answers are remembered, and for whom.
 *
 * @param shared whether all keys that say so share their answers, instead of each end user having
 *     their own
 * @param toolCalls whether answers that call tools are remembered too
 * @param knowledge whether answers belong to the knowledge base and never expire
 */
public record CachePolicy(Mode mode, boolean shared, boolean toolCalls, boolean knowledge) {
  /** Which requests a cache may answer. */
  public enum Mode {
    OFF,
    /** Those that give the same answer every time: temperature 0, or a seed. */
    DETERMINISTIC,
    ALL
  }

  /** Deterministic answers, for each end user alone. */
  public static final CachePolicy DEFAULT =
      new CachePolicy(Mode.DETERMINISTIC, false, false, false);
}
