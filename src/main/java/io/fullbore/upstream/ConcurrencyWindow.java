package io.fullbore.upstream;

/**
 * How many requests an upstream is given at once: a window under the configured most that closes
 * quickly when there are too many and opens slowly when all is well. Owned by {@link SharedGate}
 * and used under its lock.
 *
 * <p>Additive increase and multiplicative decrease, which alone lets several callers who know
 * nothing of one another come to equal shares (Chiu and Jain, "Analysis of the Increase and
 * Decrease Algorithms for Congestion Avoidance in Computer Networks", 1989), with TCP's refinements
 * (RFC 5681): the window grows only while it is in full use, what is halved is the number that was
 * under way, and what was sent before the last halving does not halve it again, for it tells the
 * same news once more.
 */
final class ConcurrencyWindow {
  /**
   * From one to the most in so many rounds: answers take long, and one more a round is too slow.
   */
  private static final int ROUNDS_TO_MAX = 16;

  private final int max;
  private final double step;
  private double size;
  private int inFlight;
  private long lastSequence;
  private long shrunkAfterSequence;

  /** Wide open: whoever configures the upstream says what it can take. */
  ConcurrencyWindow(int max) {
    this.max = max;
    step = Math.max(1, (double) max / ROUNDS_TO_MAX);
    size = max;
  }

  /** Whether nobody more may be sent. */
  boolean full() {
    return inFlight >= size();
  }

  /** At least one. */
  int size() {
    return (int) size;
  }

  int inFlight() {
    return inFlight;
  }

  /**
   * Takes a slot, whether one is free or not.
   *
   * @return its place in the order of all that were taken
   */
  long take() {
    inFlight++;
    return ++lastSequence;
  }

  void giveBack() {
    inFlight--;
  }

  /** Whether a request was sent after the window was last narrowed, so that its end is news. */
  boolean isNews(long sequence) {
    return sequence > shrunkAfterSequence;
  }

  /** A request succeeded that still holds its slot. */
  void grow() {
    if (full()) {
      size = Math.min(max, size + step / size);
    }
  }

  /** The upstream has too much to do; the request that shows it still holds its slot. */
  void shrink() {
    size = Math.max(1, Math.min(size, inFlight) / 2);
    shrunkAfterSequence = lastSequence;
  }
}
