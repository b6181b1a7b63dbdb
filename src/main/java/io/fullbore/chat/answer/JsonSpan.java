package io.fullbore.chat.answer;

/**
 * Finds the end of one JSON value in a text that comes character by character: counts brackets
 * outside of strings, and checks nothing else.
 */
final class JsonSpan {
  /** Where a character stands. */
  enum Place {
    INSIDE,
    /** The value ends with it. */
    LAST,
    /** The value has ended before it. */
    BEHIND
  }

  private int depth;
  private boolean begun;
  private boolean inString;
  private boolean escaped;

  boolean inString() {
    return inString;
  }

  /** Takes a character; the first is the value's own. */
  Place accept(char c) {
    if (inString) {
      return inString(c);
    }
    boolean first = !begun;
    begun = true;
    switch (c) {
      case '"' -> inString = true;
      case '{', '[' -> depth++;
      case '}', ']' -> {
        if (depth == 0) {
          return Place.BEHIND;
        }
        depth--;
        return depth == 0 ? Place.LAST : Place.INSIDE;
      }
      default -> {
        if (depth == 0 && !first && (c == ',' || Character.isWhitespace(c))) {
          return Place.BEHIND;
        }
      }
    }
    return Place.INSIDE;
  }

  private Place inString(char c) {
    if (escaped) {
      escaped = false;
    } else if (c == '\\') {
      escaped = true;
    } else if (c == '"') {
      inString = false;
      return depth == 0 ? Place.LAST : Place.INSIDE;
    }
    return Place.INSIDE;
  }
}
