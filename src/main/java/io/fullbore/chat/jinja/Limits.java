package io.fullbore.chat.jinja;

/**
 * Bounds of one rendering. The defaults leave real templates a factor of a hundred and end a
 * hostile one within a second.
 *
 * @param steps evaluated nodes, loop turns and blocks of eight characters looked at
 * @param allocatedBytes bytes of text and lists made during the rendering, a rough measure
 * @param outputChars length of the rendered text
 * @param depth nested evaluations: blocks, expressions, macro calls, and lists within lists
 * @param timeMs wall-clock time, looked at every few hundred steps
 */
record Limits(long steps, long allocatedBytes, long outputChars, int depth, long timeMs) {

  /** Bounds that grow with what the caller sent, since honest work grows with it too. */
  static Limits forInput(long inputChars) {
    return new Limits(
        8_000_000 + 64 * inputChars,
        32_000_000 + 128 * inputChars,
        2_000_000 + 8 * inputChars,
        400,
        1_000 + inputChars / 1_000);
  }
}
