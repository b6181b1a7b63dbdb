package io.fullbore.kv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Random sequences against device and host blocks that really hold contents: whatever is allocated,
 * grown, published, released and copied, every table reads what its sequence wrote, no block is
 * lost, and a host tier that is large enough forgets nothing.
 */
class KvCachePropertyTest {
  private static final int OPERATIONS = 20_000;
  private static final int BLOCK_TOKENS = 2;

  /** What a block holds that is not full yet. */
  private static final int NOTHING = 0;

  /** A sequence with its blocks, of which the first ones have been computed. */
  private static final class Running {
    final BlockTable table = new BlockTable();
    final int[] tokens;
    final List<BlockHash> chain = new ArrayList<>();
    int tokenCount;
    int computedBlocks;
    int publishedBlocks;

    Running(int[] tokens) {
      this.tokens = tokens;
    }

    /** What its block must hold: a number that stands for all tokens up to the block's end. */
    int content(int index) {
      return (int) chain.get(index).low() | 1;
    }
  }

  /** The blocks' memory in both tiers, written by the copies and by the steps. */
  private static final class Memory {
    final int[][] device; // [block][slot]
    final int[][] host; // [hostBlock][slot]
    long copyCount;

    Memory(int blockCount, int hostBlockCount) {
      device = new int[blockCount][BLOCK_TOKENS];
      host = new int[hostBlockCount][BLOCK_TOKENS];
    }

    void copy(BlockCopy copy) {
      copyCount++;
      switch (copy) {
        case BlockCopy.Out(int block, int hostBlock) -> host[hostBlock] = device[block].clone();
        case BlockCopy.In(int hostBlock, int block) -> device[block] = host[hostBlock].clone();
      }
    }
  }

  private final PrefixHasher hasher = new PrefixHasher(BLOCK_TOKENS);
  private final List<Running> running = new ArrayList<>();
  private final Set<BlockHash> everPublished = new HashSet<>();
  private Random random = new Random(0);
  private KvCache cache = new KvCache(1, 1, true);
  private Memory memory = new Memory(1, 0);
  private long hits;
  private long failedCopies;

  @ParameterizedTest
  @CsvSource({
    "1, 8, 0",
    "2, 8, 1",
    "3, 8, 3",
    "4, 5, 5",
    "5, 12, 8",
    "6, 20, 40",
    "7, 3, 2",
    "8, 6, 2000",
    "9, 16, 2000"
  })
  void everyTableReadsWhatItsSequenceWrote(int seed, int blockCount, int hostBlockCount) {
    random = new Random(seed);
    cache = new KvCache(blockCount, hostBlockCount, BLOCK_TOKENS, true);
    memory = new Memory(blockCount, hostBlockCount);
    for (int i = 0; i < OPERATIONS; i++) {
      switch (random.nextInt(6)) {
        case 0, 1 -> start();
        case 2 -> grow();
        case 3 -> release();
        default -> step();
      }
      assertCounts();
    }
    while (!running.isEmpty()) {
      release();
    }
    assertEquals(blockCount, cache.freeBlocks());
    assertTrue(hits > 100, "hits=" + hits);
    assertEquals(hostBlockCount > 0, memory.copyCount > 100, "copies=" + memory.copyCount);
    assertEquals(hostBlockCount > 0, failedCopies > 10, "failed copies=" + failedCopies);
  }

  /** Few different tokens, so that prefixes repeat. */
  private int[] randomTokens() {
    int count = 1 + random.nextInt(cache.blockCount() * BLOCK_TOKENS);
    return IntStream.range(0, count).map(i -> i % 4 == 0 ? random.nextInt(3) : 0).toArray();
  }

  private void start() {
    Running sequence = new Running(randomTokens());
    sequence.tokenCount = 1 + random.nextInt(sequence.tokens.length);
    String tenant = random.nextInt(4) == 0 ? "other" : "tenant";
    hasher.extend(hasher.root(tenant), sequence.chain, sequence.tokens, sequence.tokens.length);
    int full = sequence.tokenCount / BLOCK_TOKENS;
    int matched = cache.matchedBlocks(sequence.chain, full);
    assertMatched(sequence, full, matched);
    int free = cache.freeBlocks();
    Set<Integer> heldBefore = heldBlocks();
    boolean fits = cache.allocate(sequence.table, sequence.chain, matched, sequence.tokenCount);
    int blocks = cache.blocksFor(sequence.tokenCount);
    if (fits) {
      assertEquals(blocks, sequence.table.size());
      Set<Integer> taken = new HashSet<>(blocks(sequence));
      taken.removeAll(heldBefore);
      assertEquals(free - taken.size(), cache.freeBlocks());
      sequence.computedBlocks = matched;
      sequence.publishedBlocks = matched;
      hits += matched;
      running.add(sequence);
    } else {
      assertTrue(blocks > free, "refused, although even new blocks alone would fit");
      assertEquals(0, sequence.table.size());
      assertEquals(free, cache.freeBlocks());
    }
  }

  /** Nothing is found that was never computed, and all of it when no tier ever forgets. */
  private void assertMatched(Running sequence, int full, int matched) {
    int known = 0;
    while (known < full && everPublished.contains(sequence.chain.get(known))) {
      known++;
    }
    assertTrue(matched <= known);
    if (cache.hostBlockCount() > everPublished.size()) {
      assertEquals(known, matched, "something was forgotten");
    }
  }

  private void grow() {
    if (running.isEmpty()) {
      return;
    }
    Running sequence = running.get(random.nextInt(running.size()));
    int target = Math.min(sequence.tokens.length, sequence.tokenCount + random.nextInt(4));
    if (cache.grow(sequence.table, target)) {
      sequence.tokenCount = target;
    }
  }

  private void release() {
    if (!running.isEmpty()) {
      cache.release(running.remove(random.nextInt(running.size())).table);
    }
  }

  /** Copies, then computes all blocks that are not computed yet, and publishes the full ones. */
  private void step() {
    drain();
    for (Running sequence : running) {
      for (int i = sequence.computedBlocks; i < sequence.table.size(); i++) {
        boolean full = i < sequence.tokenCount / BLOCK_TOKENS;
        memory.device[sequence.table.get(i)] =
            full ? new int[] {sequence.content(i), i} : new int[] {NOTHING, NOTHING};
      }
      int full = sequence.tokenCount / BLOCK_TOKENS;
      sequence.computedBlocks = Math.max(full, sequence.computedBlocks);
      assertContents(sequence);
      publish(sequence);
    }
    running.forEach(this::assertContents);
  }

  private void drain() {
    Consumer<BlockCopy> faulty =
        copy -> {
          if (random.nextInt(20) == 0) {
            throw new IllegalStateException("a copy fails");
          }
          memory.copy(copy);
        };
    boolean done = false;
    while (!done) {
      try {
        cache.drainCopies(faulty);
        done = true;
      } catch (IllegalStateException e) {
        failedCopies++;
      }
    }
  }

  private void assertContents(Running sequence) {
    for (int i = 0; i < sequence.computedBlocks; i++) {
      int[] content = memory.device[sequence.table.get(i)];
      assertEquals(sequence.content(i), content[0]);
      assertEquals(i, content[1]);
    }
  }

  private void publish(Running sequence) {
    while (sequence.publishedBlocks < sequence.computedBlocks) {
      BlockHash hash = sequence.chain.get(sequence.publishedBlocks);
      cache.publish(sequence.table, sequence.publishedBlocks++, hash);
      everPublished.add(hash);
    }
  }

  private static List<Integer> blocks(Running sequence) {
    return IntStream.range(0, sequence.table.size()).mapToObj(sequence.table::get).toList();
  }

  private Set<Integer> heldBlocks() {
    Set<Integer> held = new HashSet<>();
    running.forEach(sequence -> held.addAll(blocks(sequence)));
    return held;
  }

  private void assertCounts() {
    assertEquals(cache.blockCount(), cache.freeBlocks() + heldBlocks().size());
    assertTrue(cache.cachedBlocks() <= cache.blockCount());
    assertTrue(cache.hostCachedBlocks() <= cache.hostBlockCount());
  }
}
