package io.fullbore.sampling.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntFunction;

/**
 * All tokens of a vocabulary as a tree of their bytes, its nodes in the order of a walk: a node's
 * subtree follows it, up to its end. Tokens without bytes are not in it. Immutable.
 *
 * <pre>
 *   node      0     1 'a'  2 'ab'  3 'b'        tokens are sorted by their bytes,
 *   end       4     3      3       4            so those of a node stand together
 * </pre>
 */
final class VocabularyTrie {
  final int vocabularySize;
  final byte[] label; // [node], the last byte of its text
  final short[] depth; // [node], bytes of its text
  final int[] end; // [node]
  final int[] firstToken; // [node], and the count at the end: where its own tokens begin in tokens
  final int[] tokens; // by bytes
  final int maxDepth;

  /**
   * @param bytesOf the bytes of a token; none for those that no text holds
   */
  VocabularyTrie(int vocabularySize, IntFunction<byte[]> bytesOf) {
    this.vocabularySize = vocabularySize;
    byte[][] texts = new byte[vocabularySize][];
    List<Integer> sorted = new ArrayList<>();
    for (int id = 0; id < vocabularySize; id++) {
      texts[id] = bytesOf.apply(id);
      if (texts[id].length > 0 && texts[id].length <= Short.MAX_VALUE) {
        sorted.add(id);
      }
    }
    sorted.sort(Comparator.comparing((Integer id) -> texts[id], Arrays::compareUnsigned));
    tokens = sorted.stream().mapToInt(Integer::intValue).toArray();
    int nodeCount = 1 + countNodes(texts);
    label = new byte[nodeCount];
    depth = new short[nodeCount];
    end = new int[nodeCount];
    firstToken = new int[nodeCount + 1];
    maxDepth = fill(texts);
  }

  private int countNodes(byte[][] texts) {
    int count = 0;
    byte[] before = new byte[0];
    for (int id : tokens) {
      count += texts[id].length - common(before, texts[id]);
      before = texts[id];
    }
    return count;
  }

  private int fill(byte[][] texts) {
    int node = 0;
    int deepest = 0;
    byte[] before = new byte[0];
    for (int place = 0; place < tokens.length; place++) {
      byte[] text = texts[tokens[place]];
      for (int at = common(before, text); at < text.length; at++) {
        node++;
        label[node] = text[at];
        depth[node] = (short) (at + 1);
        firstToken[node] = place;
        deepest = Math.max(deepest, at + 1);
      }
      before = text;
    }
    firstToken[node + 1] = tokens.length;
    fillEnds(deepest);
    return deepest;
  }

  private void fillEnds(int deepest) {
    int[] nextAtDepth = new int[deepest + 1]; // the nearest later node not deeper than that
    Arrays.fill(nextAtDepth, label.length);
    for (int node = label.length - 1; node >= 0; node--) {
      end[node] = nextAtDepth[depth[node]];
      Arrays.fill(nextAtDepth, depth[node], deepest + 1, node);
    }
  }

  private static int common(byte[] a, byte[] b) {
    int mismatch = Arrays.mismatch(a, b);
    return mismatch < 0 ? a.length : mismatch;
  }

  /** Sets the bits of the tokens that end in a node. */
  void allow(int node, int[] mask) {
    for (int place = firstToken[node]; place < firstToken[node + 1]; place++) {
      mask[tokens[place] >> 5] |= 1 << tokens[place];
    }
  }
}
