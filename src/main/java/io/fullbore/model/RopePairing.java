package io.fullbore.model;

/** Which two elements of a head are rotated together by rotary position embedding. */
public enum RopePairing {
  /** Elements 2i and 2i+1, as in the llama family's files. */
  ADJACENT,
  /** Elements i and i + ropeDim/2, as in GPT-NeoX. */
  HALVES
}
