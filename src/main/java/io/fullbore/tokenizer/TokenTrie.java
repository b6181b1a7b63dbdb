package io.fullbore.tokenizer;

/** Finds the longest of a set of token texts that starts at a place. Filled, then read only. */
final class TokenTrie {
  /** A match, packed: {@code end << 32 | id}; or this where there is none. */
  static final long NONE = -1;

  private final PairTable children = new PairTable(256); // (node, char) -> node
  private final IdBuffer tokenOf = new IdBuffer(64); // [node], -1 where none ends

  TokenTrie() {
    tokenOf.add(-1);
  }

  void add(String text, int id) {
    int node = 0;
    for (int i = 0; i < text.length(); i++) {
      int child = children.get(node, text.charAt(i));
      if (child == PairTable.ABSENT) {
        child = tokenOf.count();
        tokenOf.add(-1);
        children.putIfAbsent(node, text.charAt(i), child);
      }
      node = child;
    }
    tokenOf.array()[node] = id;
  }

  boolean isEmpty() {
    return tokenOf.count() == 1;
  }

  /** The longest token in {@code text[from, to)} that starts at {@code from}. */
  long longestAt(String text, int from, int to) {
    long found = NONE;
    int node = 0;
    for (int i = from; i < to; i++) {
      node = children.get(node, text.charAt(i));
      if (node == PairTable.ABSENT) {
        break;
      }
      int id = tokenOf.array()[node];
      if (id >= 0) {
        found = (long) (i + 1) << 32 | id;
      }
    }
    return found;
  }

  static int idOf(long match) {
    return (int) match;
  }

  static int endOf(long match) {
    return (int) (match >>> 32);
  }
}
