package io.fullbore.sampling.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A part of a grammar's rule: what it says about the bytes at a place. */
sealed interface Expr {
  /** No byte at all. */
  Expr EMPTY = new Sequence(List.of());

  /** What no text has: an alternative that can never be taken. */
  Expr NEVER = new Choice(List.of());

  /** {@link #max} of {@link Repeat} where there is none. */
  int UNBOUNDED = Integer.MAX_VALUE;

  /** One of these bytes. */
  record Bytes(ByteSet set) implements Expr {}

  /** These bytes, one after the other. */
  record Literal(byte[] bytes) implements Expr {}

  /** All parts in this order. */
  record Sequence(List<Expr> parts) implements Expr {}

  /** One of the alternatives. */
  record Choice(List<Expr> alternatives) implements Expr {}

  /** The part again and again, {@code [min, max]} times. */
  record Repeat(Expr part, int min, int max) implements Expr {}

  /** Whatever another rule says. */
  record Call(int rule) implements Expr {}

  static Expr literal(String text) {
    return new Literal(text.getBytes(StandardCharsets.UTF_8));
  }

  static Expr sequence(Expr... parts) {
    return new Sequence(List.of(parts));
  }

  static Expr choice(Expr... alternatives) {
    return new Choice(List.of(alternatives));
  }

  static Expr choice(List<Expr> alternatives) {
    return alternatives.size() == 1
        ? alternatives.getFirst()
        : new Choice(List.copyOf(alternatives));
  }

  static Expr optional(Expr part) {
    return new Repeat(part, 0, 1);
  }

  static Expr any(Expr part) {
    return new Repeat(part, 0, UNBOUNDED);
  }

  /** The UTF-8 of any of these code points. */
  static Expr utf8(CodePoints points) {
    List<Expr> alternatives = new ArrayList<>();
    for (CodePoints.Range range : points.ranges()) {
      Utf8.addRange(alternatives, range.from(), range.to());
    }
    return choice(alternatives);
  }
}
