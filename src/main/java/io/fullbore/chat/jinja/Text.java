package io.fullbore.chat.jinja;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * A string value that knows for each character whether it came from the caller (messages, tools,
 * variables) or from the template. Every operation hands that on, so the rendered text can tell a
 * special token that the template wrote from one that a user typed, wherever it ended up.
 * Immutable; equal and hashed by its characters alone.
 */
final class Text {
  static final Text EMPTY = new Text("", null);

  private final String chars;

  /** Bit i is set where char i came from the caller; null where none did. Never written to. */
  private final @Nullable BitSet caller;

  /** Set by the filters {@code safe} and {@code escape}; makes {@code +} escape its neighbour. */
  private final boolean isMarkup;

  private Text(String chars, @Nullable BitSet caller) {
    this(chars, caller, false);
  }

  private Text(String chars, @Nullable BitSet caller, boolean isMarkup) {
    this.chars = chars;
    this.caller = caller;
    this.isMarkup = isMarkup;
  }

  /** A text written in the template, or made by the interpreter. */
  static Text ofTemplate(String chars) {
    return new Text(chars, null);
  }

  /** A text that the caller sent. */
  static Text ofCaller(String chars) {
    var bits = new BitSet(chars.length());
    bits.set(0, chars.length());
    return new Text(chars, bits);
  }

  String chars() {
    return chars;
  }

  int length() {
    return chars.length();
  }

  boolean isEmpty() {
    return chars.isEmpty();
  }

  Text asMarkup() {
    return isMarkup ? this : new Text(chars, caller, true);
  }

  /** Concatenated; beside markup, other text is escaped for HTML as Python's Markup does it. */
  Text plus(Text other, Budget budget) {
    var out = new Builder(budget);
    if (isMarkup == other.isMarkup) {
      Text joined = out.append(this).append(other).build();
      return isMarkup ? joined.asMarkup() : joined;
    }
    return out.append(escaped(budget)).append(other.escaped(budget)).build().asMarkup();
  }

  /** Escaped for HTML, unless it is markup already. */
  Text escaped(Budget budget) {
    if (isMarkup) {
      return this;
    }
    var out = new Builder(budget);
    int plainFrom = 0;
    for (int i = 0; i < chars.length(); i++) {
      String entity =
          switch (chars.charAt(i)) {
            case '&' -> "&amp;";
            case '<' -> "&lt;";
            case '>' -> "&gt;";
            case '\'' -> "&#39;";
            case '"' -> "&#34;";
            default -> "";
          };
      if (!entity.isEmpty()) {
        out.append(this, plainFrom, i).append(entity, fromCaller(i));
        plainFrom = i + 1;
      }
    }
    return out.append(this, plainFrom, chars.length()).build().asMarkup();
  }

  /** Which chars came from the caller; a copy. */
  BitSet callerChars() {
    return caller == null ? new BitSet() : (BitSet) caller.clone();
  }

  boolean fromCaller(int index) {
    return caller != null && caller.get(index);
  }

  /** Chars in {@code [from, to)}. */
  Text substring(int from, int to) {
    if (from == 0 && to == chars.length()) {
      return this;
    }
    BitSet bits = caller == null ? null : caller.get(from, to);
    return new Text(chars.substring(from, to), bits == null || bits.isEmpty() ? null : bits);
  }

  /**
   * These characters in place of this text's, as upper or title case makes them. Where the length
   * changes, single characters can no longer be told apart and all count as the caller's if one
   * was.
   */
  Text withChars(String changed) {
    if (caller == null || changed.length() == chars.length()) {
      return new Text(changed, caller);
    }
    return ofCaller(changed);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Text text && chars.equals(text.chars);
  }

  @Override
  public int hashCode() {
    return chars.hashCode();
  }

  @Override
  public String toString() {
    return chars;
  }

  /** Joins texts; pays for each before it is added. */
  static final class Builder {
    private final Budget budget;
    private final StringBuilder chars = new StringBuilder();
    private final BitSet caller = new BitSet();

    Builder(Budget budget) {
      this.budget = budget;
    }

    Builder append(Text text) {
      return append(text, 0, text.length());
    }

    Builder append(Text text, int from, int to) {
      budget.text(to - from);
      int start = chars.length() - from;
      chars.append(text.chars, from, to);
      BitSet bits = text.caller;
      if (bits != null) {
        int run = bits.nextSetBit(from);
        while (run >= 0 && run < to) {
          int end = Math.min(bits.nextClearBit(run), to);
          caller.set(start + run, start + end);
          run = bits.nextSetBit(end);
        }
      }
      return this;
    }

    /** Characters that the interpreter itself makes, such as brackets of a list. */
    Builder append(String text) {
      budget.text(text.length());
      chars.append(text);
      return this;
    }

    Builder append(String text, boolean fromCaller) {
      int start = chars.length();
      append(text);
      if (fromCaller) {
        caller.set(start, chars.length());
      }
      return this;
    }

    int length() {
      return chars.length();
    }

    Text build() {
      return new Text(chars.toString(), caller.isEmpty() ? null : (BitSet) caller.clone());
    }
  }
}
