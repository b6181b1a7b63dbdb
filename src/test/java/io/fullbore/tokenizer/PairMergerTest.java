package io.fullbore.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PairMergerTest {
  private static final int SYMBOLS = 40;

  @Test
  void mergesAsTheQuadraticLoopDoes() {
    var random = new Random(1);
    for (int round = 0; round < 200; round++) {
      MergeTable table = randomTable(random, round % 2 == 0);
      var merger = new PairMerger(table);
      for (int run = 0; run < 20; run++) {
        int[] symbols = random.ints(random.nextInt(60), 0, 6).toArray();
        int[] expected = mergeOneByOne(table, symbols);
        int count = merger.merge(symbols, symbols.length);
        assertArrayEquals(expected, Arrays.copyOf(symbols, count));
      }
    }
  }

  /** With equal ranks for different pairs, as SentencePiece's scores may have, or without. */
  private static MergeTable randomTable(Random random, boolean equalRanks) {
    var pairs = new PairTable(4);
    int[] rank = new int[SYMBOLS];
    int[] merged = new int[SYMBOLS];
    for (int merge = 0; merge < SYMBOLS; merge++) {
      pairs.putIfAbsent(random.nextInt(SYMBOLS), random.nextInt(6), merge);
      rank[merge] = equalRanks ? merge / 8 : merge;
      merged[merge] = random.nextInt(SYMBOLS);
    }
    return new MergeTable(pairs, rank, merged);
  }

  private static int[] mergeOneByOne(MergeTable table, int[] input) {
    int[] symbols = input.clone();
    while (true) {
      int best = -1;
      int bestRank = Integer.MAX_VALUE;
      for (int i = 0; i + 1 < symbols.length; i++) {
        int merge = table.merges().get(symbols[i], symbols[i + 1]);
        if (merge >= 0 && table.rank()[merge] < bestRank) {
          best = i;
          bestRank = table.rank()[merge];
        }
      }
      if (best < 0) {
        return symbols;
      }
      int[] shorter = new int[symbols.length - 1];
      System.arraycopy(symbols, 0, shorter, 0, best);
      shorter[best] = table.merged()[table.merges().get(symbols[best], symbols[best + 1])];
      System.arraycopy(symbols, best + 2, shorter, best + 1, shorter.length - best - 1);
      symbols = shorter;
    }
  }
}
