package io.fullbore.kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KvCacheTest {
  private static final int BLOCK_TOKENS = 4;

  private final PrefixHasher hasher = new PrefixHasher(BLOCK_TOKENS);
  private final KvCache cache = new KvCache(6, BLOCK_TOKENS, true);

  private List<BlockHash> chain(String tenant, int... tokens) {
    List<BlockHash> chain = new ArrayList<>();
    hasher.extend(hasher.root(tenant), chain, tokens, tokens.length);
    return chain;
  }

  private static int[] tokens(int count) {
    return IntStream.range(0, count).toArray();
  }

  /** Allocates and publishes all full blocks. */
  private BlockTable compute(List<BlockHash> chain, int tokenCount) {
    BlockTable table = new BlockTable();
    int matched = cache.matchedBlocks(chain, chain.size());
    assertTrue(cache.allocate(table, chain, matched, tokenCount));
    for (int i = matched; i < tokenCount / BLOCK_TOKENS; i++) {
      cache.publish(table, i, chain.get(i));
    }
    return table;
  }

  @Test
  void hashesCoverEverythingBefore() {
    List<BlockHash> a = chain("t", 1, 2, 3, 4, 5, 6, 7, 8);
    List<BlockHash> b = chain("t", 9, 2, 3, 4, 5, 6, 7, 8);
    assertEquals(2, a.size());
    assertNotEquals(a.get(0), b.get(0));
    assertNotEquals(a.get(1), b.get(1), "same tokens after another beginning");
    assertNotEquals(a, chain("other", 1, 2, 3, 4, 5, 6, 7, 8));
    assertEquals(a, chain("t", 1, 2, 3, 4, 5, 6, 7, 8, 9));
  }

  @Test
  void extendsAChainByTheNewBlocksOnly() {
    int[] tokens = tokens(12);
    List<BlockHash> grown = new ArrayList<>();
    hasher.extend(hasher.root("t"), grown, tokens, 5);
    assertEquals(1, grown.size());
    hasher.extend(hasher.root("t"), grown, tokens, 12);
    assertEquals(chain("t", tokens), grown);
  }

  @Test
  void sharesTheBlocksOfAKnownPrefix() {
    List<BlockHash> chain = chain("t", tokens(8));
    BlockTable first = compute(chain, 10);
    BlockTable second = compute(chain, 10);
    assertEquals(first.get(0), second.get(0));
    assertEquals(first.get(1), second.get(1));
    assertNotEquals(first.get(2), second.get(2));
    assertEquals(2, cache.freeBlocks());
    cache.release(first);
    cache.release(second);
    assertEquals(6, cache.freeBlocks());
  }

  @Test
  void findsAReleasedPrefixUntilItsBlocksAreNeeded() {
    List<BlockHash> chain = chain("t", tokens(8));
    cache.release(compute(chain, 8));
    assertEquals(2, cache.matchedBlocks(chain, 2));
    BlockTable other = new BlockTable();
    assertTrue(cache.grow(other, 4 * BLOCK_TOKENS));
    assertEquals(2, cache.matchedBlocks(chain, 2), "unknown blocks are taken first");
    assertTrue(cache.grow(other, 5 * BLOCK_TOKENS));
    assertEquals(1, cache.matchedBlocks(chain, 2), "the end of a prefix goes first");
    assertTrue(cache.grow(other, 6 * BLOCK_TOKENS));
    assertEquals(0, cache.matchedBlocks(chain, 2));
    assertEquals(0, cache.cachedBlocks());
  }

  @Test
  void allocatesAllOrNothing() {
    BlockTable table = new BlockTable();
    assertFalse(cache.allocate(table, List.of(), 0, 7 * BLOCK_TOKENS));
    assertEquals(0, table.size());
    assertEquals(6, cache.freeBlocks());
    assertTrue(cache.grow(table, 5 * BLOCK_TOKENS));
    assertFalse(cache.grow(table, 7 * BLOCK_TOKENS));
    assertEquals(5, table.size());
  }

  @Test
  void countsFreeMatchedBlocksAsNeeded() {
    List<BlockHash> chain = chain("t", tokens(8));
    cache.release(compute(chain, 8));
    BlockTable holder = new BlockTable();
    assertTrue(cache.grow(holder, 3 * BLOCK_TOKENS));
    BlockTable table = new BlockTable();
    assertFalse(cache.allocate(table, chain, 2, 4 * BLOCK_TOKENS));
    assertTrue(cache.allocate(table, chain, 2, 3 * BLOCK_TOKENS));
    assertEquals(0, cache.freeBlocks());
  }

  @Test
  void keepsTheFirstOfTwoBlocksWithOneContent() {
    List<BlockHash> chain = chain("t", tokens(4));
    BlockTable first = new BlockTable();
    BlockTable second = new BlockTable();
    cache.allocate(first, chain, 0, 4);
    cache.allocate(second, chain, 0, 4);
    cache.publish(first, 0, chain.get(0));
    cache.publish(second, 0, chain.get(0));
    cache.release(second);
    assertEquals(1, cache.matchedBlocks(chain, 1));
    BlockTable third = new BlockTable();
    cache.allocate(third, chain, 1, 4);
    assertEquals(first.get(0), third.get(0));
  }

  @Test
  void findsNothingWhenPrefixesAreNotKept() {
    KvCache forgetful = new KvCache(6, BLOCK_TOKENS, false);
    List<BlockHash> chain = chain("t", tokens(4));
    BlockTable table = new BlockTable();
    forgetful.allocate(table, chain, 0, 4);
    forgetful.publish(table, 0, chain.get(0));
    assertEquals(0, forgetful.matchedBlocks(chain, 1));
  }

  @Test
  void refusesToReleaseABlockTwice() {
    BlockPool pool = new BlockPool(2);
    int block = pool.take();
    pool.release(block);
    assertThrows(IllegalStateException.class, () -> pool.release(block));
  }
}
