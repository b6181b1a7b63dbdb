package io.fullbore.chat.answer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds markers in a text that comes character by character, and holds back what could be the
 * beginning of one.
 */
final class MarkerMatcher {
  private final List<String> markers;
  private final StringBuilder held = new StringBuilder();
  private final StringBuilder released = new StringBuilder();

  /**
   * @param markers none of them empty, none the beginning of another
   */
  MarkerMatcher(List<String> markers) {
    this.markers = List.copyOf(markers);
  }

  /**
   * Takes a character; {@link #released} says what is no marker now.
   *
   * @return the marker that the character completes; it follows what was released
   */
  @Nullable String accept(char c) {
    released.setLength(0);
    held.append(c);
    for (int from = 0; from < held.length(); from++) {
      for (String marker : markers) {
        if (begins(marker, from)) {
          return hold(marker, from);
        }
      }
    }
    released.append(held);
    held.setLength(0);
    return null;
  }

  /** Whether what is held from there on is the marker or its beginning. */
  private boolean begins(String marker, int from) {
    int length = held.length() - from;
    for (int i = 0; i < length; i++) {
      if (i == marker.length() || held.charAt(from + i) != marker.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private @Nullable String hold(String marker, int from) {
    released.append(held, 0, from);
    held.delete(0, from);
    if (held.length() < marker.length()) {
      return null;
    }
    held.setLength(0);
    return marker;
  }

  /** What the last character showed to be no marker; valid until the next one. */
  CharSequence released() {
    return released;
  }

  /** What was held back: the text is over, or something else interrupts it. */
  CharSequence flush() {
    released.setLength(0);
    released.append(held);
    held.setLength(0);
    return released;
  }
}
