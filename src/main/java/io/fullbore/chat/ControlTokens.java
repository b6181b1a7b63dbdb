package io.fullbore.chat;

import io.fullbore.chat.RenderedPrompt.Span;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The texts of a vocabulary's control tokens, as a trie. Finds those in a prompt that a caller had
 * a hand in, be it one character of them. Immutable.
 */
final class ControlTokens {
  private static final class Node {
    private final Map<Character, Node> next = new HashMap<>();
    private boolean isToken;
  }

  private final Node root = new Node();

  ControlTokens(Collection<String> texts) {
    for (String text : texts) {
      Node node = root;
      for (int i = 0; i < text.length(); i++) {
        node = node.next.computeIfAbsent(text.charAt(i), _ -> new Node());
      }
      node.isToken = node != root;
    }
  }

  /** Cuts the caller's control tokens out of the text. */
  List<Span> split(String text, BitSet callerChars) {
    var forged = new BitSet();
    var genuine = new BitSet();
    for (int start = 0; start < text.length(); start++) {
      Node node = root.next.get(text.charAt(start));
      for (int end = start + 1; node != null; end++) {
        if (node.isToken) {
          int firstForeign = callerChars.nextSetBit(start);
          (firstForeign >= 0 && firstForeign < end ? forged : genuine).set(start, end);
        }
        node = end < text.length() ? node.next.get(text.charAt(end)) : null;
      }
    }
    forged.andNot(genuine);
    List<Span> spans = new ArrayList<>();
    int from = 0;
    while (from < text.length()) {
      boolean fromMessage = forged.get(from);
      int end = fromMessage ? forged.nextClearBit(from) : forged.nextSetBit(from);
      int to = end < 0 ? text.length() : Math.min(end, text.length());
      spans.add(new Span(text.substring(from, to), fromMessage));
      from = to;
    }
    return spans;
  }
}
