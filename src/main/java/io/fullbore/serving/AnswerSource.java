package io.fullbore.serving;

/** Where an answer comes from. */
public enum AnswerSource {
  /** Remembered in this process. */
  HIT_L1,
  /** Remembered in Redis. */
  HIT_L2,
  /** Shared with an equal request that came before. */
  JOIN,
  /** Computed for this request, which others may join. */
  MISS,
  /** Computed for this request alone. */
  BYPASS
}
