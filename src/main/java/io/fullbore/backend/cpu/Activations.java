package io.fullbore.backend.cpu;

/**
 * What a multiplication reads of a row of activations, in the order of {@code FB_FLOATS} and so on.
 */
enum Activations {
  FLOATS,
  /** Eight bits, with a scale per 32 columns. */
  INTEGERS,
  /** Two columns in bfloat16 per element. */
  PAIRS
}
