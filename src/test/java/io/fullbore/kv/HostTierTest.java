package io.fullbore.kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The host tier behind a cache of three blocks of one token each. */
class HostTierTest {
  private static final int BLOCKS = 3;

  private static KvCache cache(int hostBlocks) {
    return new KvCache(BLOCKS, hostBlocks, 1, true);
  }

  /** A chain of its own for every name. */
  private static List<BlockHash> chain(long name, int length) {
    return LongStream.range(0, length).mapToObj(i -> new BlockHash(name, i)).toList();
  }

  /** Allocates, computes and publishes the whole chain. */
  private static BlockTable compute(KvCache cache, List<BlockHash> chain) {
    BlockTable table = new BlockTable();
    int matched = cache.matchedBlocks(chain, chain.size());
    assertTrue(cache.allocate(table, chain, matched, chain.size()));
    for (int i = matched; i < chain.size(); i++) {
      cache.publish(table, i, chain.get(i));
    }
    return table;
  }

  private static List<BlockCopy> copies(KvCache cache) {
    List<BlockCopy> copies = new ArrayList<>();
    cache.drainCopies(copies::add);
    return copies;
  }

  @Test
  void savesAKnownContentWhenItsBlockIsTaken() {
    KvCache cache = cache(4);
    List<BlockHash> a = chain(1, 2);
    cache.release(compute(cache, a));
    assertEquals(List.of(), copies(cache));
    assertEquals(0, cache.hostCachedBlocks());
    BlockTable other = new BlockTable();
    assertTrue(cache.grow(other, BLOCKS));
    assertEquals(List.of(new BlockCopy.Out(1, 0), new BlockCopy.Out(0, 1)), copies(cache));
    assertEquals(List.of(), copies(cache), "drained");
    assertEquals(0, cache.cachedBlocks());
    assertEquals(2, cache.hostCachedBlocks());
    assertEquals(2, cache.matchedBlocks(a, 2));
    assertEquals(1, cache.matchedBlocks(a, 1));
  }

  @Test
  void doesNotSaveWhatWasNeverPublished() {
    KvCache cache = cache(4);
    BlockTable table = new BlockTable();
    cache.grow(table, BLOCKS);
    cache.release(table);
    cache.grow(table, BLOCKS);
    assertEquals(List.of(), copies(cache));
    assertEquals(0, cache.hostCachedBlocks());
  }

  @Test
  void loadsIntoNewBlocksAndKnowsTheContentInBothTiers() {
    KvCache cache = cache(4);
    List<BlockHash> a = chain(1, 2);
    cache.release(compute(cache, a));
    BlockTable other = new BlockTable();
    cache.grow(other, BLOCKS);
    cache.release(other);
    copies(cache);

    BlockTable again = new BlockTable();
    assertTrue(cache.allocate(again, a, 2, 3));
    assertEquals(
        List.of(new BlockCopy.In(1, again.get(0)), new BlockCopy.In(0, again.get(1))),
        copies(cache));
    assertEquals(2, cache.cachedBlocks());
    assertEquals(2, cache.hostCachedBlocks());
    cache.release(again);
    cache.grow(other, BLOCKS);
    assertEquals(List.of(), copies(cache), "saved already");
  }

  @Test
  void sharesALoadedBlockAtOnce() {
    KvCache cache = cache(4);
    List<BlockHash> a = chain(1, 1);
    cache.release(compute(cache, a));
    cache.release(compute(cache, chain(2, BLOCKS)));
    copies(cache);
    BlockTable first = new BlockTable();
    BlockTable second = new BlockTable();
    assertTrue(cache.allocate(first, a, 1, 1));
    assertTrue(cache.allocate(second, a, 1, 1));
    assertEquals(first.get(0), second.get(0));
    assertEquals(
        1, copies(cache).stream().filter(BlockCopy.In.class::isInstance).count(), "loaded once");
  }

  @Test
  void aHostMatchNeedsAFreeBlock() {
    KvCache cache = cache(4);
    List<BlockHash> a = chain(1, 2);
    cache.release(compute(cache, a));
    BlockTable holder = new BlockTable();
    cache.grow(holder, BLOCKS);
    copies(cache);
    BlockTable table = new BlockTable();
    assertFalse(cache.allocate(table, a, 2, 2));
    assertEquals(0, table.size());
    cache.release(holder);
    cache.grow(holder, 2);
    assertFalse(cache.allocate(table, a, 2, 2));
    assertEquals(List.of(), copies(cache), "nothing is done by halves");
    assertTrue(cache.allocate(table, a, 1, 1));
  }

  @Test
  void savesTheContentOfABlockBeforeAnotherIsLoadedIntoIt() {
    KvCache cache = cache(4);
    List<BlockHash> a = chain(1, 1);
    cache.release(compute(cache, a));
    BlockTable b = compute(cache, chain(2, BLOCKS));
    copies(cache);
    cache.release(b);
    BlockTable again = new BlockTable();
    assertTrue(cache.allocate(again, a, 1, 1));
    int block = again.get(0);
    assertEquals(List.of(new BlockCopy.Out(block, 1), new BlockCopy.In(0, block)), copies(cache));
  }

  @Test
  void takesNoMatchedBlockForAnotherMatch() {
    KvCache cache = cache(4);
    List<BlockHash> a = chain(1, BLOCKS);
    BlockTable table = compute(cache, a);
    cache.release(table);
    BlockTable one = new BlockTable();
    cache.grow(one, 1);
    cache.release(one);
    assertEquals(List.of(new BlockCopy.Out(2, 0)), copies(cache));
    cache.grow(one, 1);
    assertTrue(cache.allocate(table, a, 2, 2));
    cache.release(one);
    cache.release(table);
    assertTrue(cache.allocate(table, a, 3, 3));
    assertEquals(List.of(0, 1, 2), List.of(table.get(0), table.get(1), table.get(2)));
    assertEquals(List.of(new BlockCopy.In(0, 2)), copies(cache));
  }

  @Test
  void dropsAContentRatherThanOneThatIsAboutToBeLoaded() {
    KvCache cache = cache(2);
    List<BlockHash> a = chain(1, 2);
    cache.release(compute(cache, a));
    cache.release(compute(cache, chain(2, BLOCKS)));
    copies(cache);
    BlockTable table = new BlockTable();
    assertTrue(cache.allocate(table, a, 2, 2));
    assertEquals(
        List.of(new BlockCopy.In(1, table.get(0)), new BlockCopy.In(0, table.get(1))),
        copies(cache));
    assertEquals(1, cache.matchedBlocks(chain(2, BLOCKS), BLOCKS));
  }

  @Test
  void replacesTheLeastRecentlyUsedAfterItWasLoaded() {
    KvCache cache = cache(2);
    List<BlockHash> a = chain(1, 1);
    List<BlockHash> b = chain(2, 1);
    BlockTable other = new BlockTable();
    for (List<BlockHash> chain : List.of(a, b)) {
      cache.release(compute(cache, chain));
      cache.grow(other, BLOCKS);
      cache.release(other);
    }
    assertEquals(List.of(new BlockCopy.Out(0, 0), new BlockCopy.Out(1, 1)), copies(cache));
    cache.release(compute(cache, a));
    List<BlockHash> c = chain(3, 1);
    cache.release(compute(cache, c));
    cache.grow(other, BLOCKS);
    assertEquals(1, cache.matchedBlocks(a, 1), "used a moment ago");
    assertEquals(0, cache.matchedBlocks(b, 1));
    assertEquals(1, cache.matchedBlocks(c, 1));
  }

  @Test
  void aCopyThatFailsRemainsTheNext() {
    KvCache cache = cache(4);
    cache.release(compute(cache, chain(1, BLOCKS)));
    cache.grow(new BlockTable(), BLOCKS);
    List<BlockCopy> done = new ArrayList<>();
    assertThrows(
        IllegalStateException.class,
        () ->
            cache.drainCopies(
                copy -> {
                  if (done.size() == 1) {
                    throw new IllegalStateException("the second fails");
                  }
                  done.add(copy);
                }));
    assertEquals(1, done.size());
    done.addAll(copies(cache));
    assertEquals(
        List.of(new BlockCopy.Out(2, 0), new BlockCopy.Out(1, 1), new BlockCopy.Out(0, 2)), done);
  }

  @Test
  void copiesNothingWithoutHostBlocks() {
    KvCache cache = new KvCache(BLOCKS, 1, true);
    List<BlockHash> a = chain(1, BLOCKS);
    cache.release(compute(cache, a));
    cache.grow(new BlockTable(), BLOCKS);
    assertEquals(List.of(), copies(cache));
    assertEquals(0, cache.matchedBlocks(a, BLOCKS));
    assertEquals(0, cache.hostBlockCount());
  }

  @Test
  void refusesANegativeNumberOfHostBlocks() {
    assertThrows(IllegalArgumentException.class, () -> cache(-1));
  }
}
