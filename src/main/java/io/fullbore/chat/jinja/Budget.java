package io.fullbore.chat.jinja;

import java.util.function.LongSupplier;

/**
 * What is left of the {@link Limits} of one rendering. Every operation of the interpreter pays here
 * before it works or allocates. Owned by the rendering thread.
 */
final class Budget {
  /** Elements of a {@code range}, as in Jinja's own sandbox. */
  static final long MAX_RANGE = 100_000;

  private static final long STEPS_PER_CLOCK = 256;
  private static final long CHARS_PER_STEP = 8;

  private final Limits limits;
  private final LongSupplier nanoClock;
  private final long startNanos;
  private long steps;
  private long nextClockStep = STEPS_PER_CLOCK;
  private long allocatedBytes;
  private int depth;

  Budget(Limits limits, LongSupplier nanoClock) {
    this.limits = limits;
    this.nanoClock = nanoClock;
    this.startNanos = nanoClock.getAsLong();
  }

  void step() {
    steps(1);
  }

  /** Pays for reading {@code chars} characters. */
  void scan(long chars) {
    steps(1 + chars / CHARS_PER_STEP);
  }

  /** Pays for looking for {@code needle} characters in {@code hay}, at the worst case's price. */
  void search(long hay, long needle) {
    steps(1 + hay * (1 + needle / 16) / CHARS_PER_STEP);
  }

  /** Pays for making a text of {@code chars} characters; to be called before it is made. */
  void text(long chars) {
    scan(chars);
    allocate(chars + 48);
  }

  /** Pays for a list or map of {@code count} elements. */
  void elements(long count) {
    steps(1 + count);
    allocate(count * 8 + 48);
  }

  void enter() {
    if (++depth > limits.depth()) {
      throw JinjaException.limit(
          "nested deeper than depth=%d (endless recursion?)".formatted(limits.depth()));
    }
  }

  void leave() {
    depth--;
  }

  void output(long chars) {
    if (chars > limits.outputChars()) {
      throw JinjaException.limit(
          "the rendered text grew beyond outputChars=%d".formatted(limits.outputChars()));
    }
  }

  private void steps(long count) {
    steps += count;
    if (steps > limits.steps()) {
      throw JinjaException.limit("more work than steps=%d".formatted(limits.steps()));
    }
    if (steps >= nextClockStep) {
      nextClockStep = steps + STEPS_PER_CLOCK;
      if (nanoClock.getAsLong() - startNanos > limits.timeMs() * 1_000_000) {
        throw JinjaException.limit("took longer than timeMs=%d".formatted(limits.timeMs()));
      }
    }
  }

  private void allocate(long bytes) {
    allocatedBytes += bytes;
    if (allocatedBytes > limits.allocatedBytes()) {
      throw JinjaException.limit(
          "made more text and lists than allocatedBytes=%d".formatted(limits.allocatedBytes()));
    }
  }
}
