package io.fullbore.graph;

import io.fullbore.model.Architecture;

/** The activation buffers of a decoder graph: one row per token of the step. */
public enum Slot {
  /** The residual stream. [token][dim] */
  HIDDEN,
  /** Input of the next matrices. [token][dim] */
  NORMED,
  /** [token][head][headDim] */
  QUERY,
  /** [token][kvHead][headDim] */
  KEY,
  /** [token][kvHead][headDim] */
  VALUE,
  /** [token][head][headDim] */
  ATTENDED,
  /** What is added to the residual stream next. [token][dim] */
  PROJECTED,
  /** [token][ffnDim] */
  GATE,
  /** [token][ffnDim] */
  UP,
  /** Rows of the tokens whose logits are wanted. [logitRow][vocabularySize] */
  LOGITS;

  /** Floats per row. */
  public int width(Architecture architecture) {
    return switch (this) {
      case HIDDEN, NORMED, PROJECTED -> architecture.dim();
      case QUERY, ATTENDED -> architecture.queryDim();
      case KEY, VALUE -> architecture.kvDim();
      case GATE, UP -> architecture.ffnDim();
      case LOGITS -> architecture.vocabularySize();
    };
  }
}
