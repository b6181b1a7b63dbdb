package io.fullbore.kv;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The paged KV cache of one engine as block numbers: who holds which block, and which blocks hold a
 * prefix that a later sequence can use again. The memory behind the numbers is the backend's.
 *
 * <pre>
 *   sequence A   [ 3 ][ 7 ][ 1 ]          blocks 3 and 7 have two references: A and B
 *   sequence B   [ 3 ][ 7 ][ 5 ][ 2 ]     share a prompt's beginning
 *   prefix index  hash(...) -> 3, hash(...) -> 7, hash(...) -> 9 (free, kept until needed)
 * </pre>
 *
 * <p>Shared blocks are always full and never written again, so nothing is copied on write. After
 * PagedAttention (Kwon et al., 2023) and its hash-chained prefix cache.
 *
 * <p>A second tier of blocks in host memory can stand behind a device's own: a known content whose
 * block is taken for something else is copied there, and is copied back into a new block when a
 * sequence begins with it. A preempted sequence is swapped in the same way: it loses its blocks
 * only when others need them, and comes back with all that were full. {@link HostTier} says why the
 * copies are right in the order in which they are emitted.
 *
 * <p>Owned by the engine thread.
 */
public final class KvCache {
  private final BlockPool pool;
  private final HostTier host;
  private final Map<BlockHash, Integer> prefixIndex = new HashMap<>();
  private final int blockTokens;
  private final boolean reusePrefixes;

  /** A cache without a host tier. */
  public KvCache(int blockCount, int blockTokens, boolean reusePrefixes) {
    this(blockCount, 0, blockTokens, reusePrefixes);
  }

  /**
   * @param blockCount blocks in all
   * @param hostBlockCount blocks of the host tier; 0 for none
   * @param blockTokens tokens per block
   * @param reusePrefixes whether full blocks are kept and found again; without it the host tier is
   *     idle
   */
  public KvCache(int blockCount, int hostBlockCount, int blockTokens, boolean reusePrefixes) {
    if (blockCount < 1 || hostBlockCount < 0 || blockTokens < 1) {
      throw new IllegalArgumentException(
          "blockCount=%d blockTokens=%d must be positive, hostBlockCount=%d not negative"
              .formatted(blockCount, blockTokens, hostBlockCount));
    }
    this.pool = new BlockPool(blockCount);
    this.host = new HostTier(hostBlockCount);
    this.blockTokens = blockTokens;
    this.reusePrefixes = reusePrefixes;
  }

  public int blockTokens() {
    return blockTokens;
  }

  /** Whether full blocks are kept and found again. */
  public boolean reusesPrefixes() {
    return reusePrefixes;
  }

  public int blockCount() {
    return pool.blockCount();
  }

  /** Blocks that nobody holds; those that keep a prefix count as free. */
  public int freeBlocks() {
    return pool.freeCount();
  }

  /** Blocks whose content can be found again; those of the host tier don't count. */
  public int cachedBlocks() {
    return prefixIndex.size();
  }

  public int hostBlockCount() {
    return host.blockCount();
  }

  /** Blocks of the host tier that hold something. */
  public int hostCachedBlocks() {
    return host.cachedBlocks();
  }

  /** Blocks that hold {@code tokenCount} tokens. */
  public int blocksFor(int tokenCount) {
    return Math.ceilDiv(tokenCount, blockTokens);
  }

  /** How many leading blocks of the chain either tier has, {@code maxBlocks} at most. */
  public int matchedBlocks(List<BlockHash> chain, int maxBlocks) {
    int matched = 0;
    while (matched < Math.min(chain.size(), maxBlocks) && knows(chain.get(matched))) {
      matched++;
    }
    return matched;
  }

  private boolean knows(BlockHash hash) {
    return prefixIndex.containsKey(hash) || host.contains(hash);
  }

  /**
   * Gives an empty table the first {@code matched} cached blocks of the chain and new blocks up to
   * {@code tokenCount} tokens, or, when the free blocks do not suffice, nothing. A match that only
   * the host tier has takes a free block too.
   *
   * @return whether the table now holds all of it
   */
  public boolean allocate(BlockTable table, List<BlockHash> chain, int matched, int tokenCount) {
    List<BlockHash> prefix = chain.subList(0, matched);
    int heldMatches = 0;
    for (BlockHash hash : prefix) {
      Integer block = prefixIndex.get(hash);
      heldMatches += block != null && !pool.isFree(block) ? 1 : 0;
    }
    if (blocksFor(tokenCount) - heldMatches > pool.freeCount()) {
      return false;
    }
    appendMatches(table, prefix);
    return grow(table, tokenCount);
  }

  /** All matches are held before the first block is taken, so that taking it replaces none. */
  private void appendMatches(BlockTable table, List<BlockHash> prefix) {
    for (BlockHash hash : prefix) {
      Integer block = prefixIndex.get(hash);
      if (block != null) {
        pool.retain(block);
      } else {
        host.pin(hash);
      }
    }
    List<BlockHash> loaded = new ArrayList<>();
    for (BlockHash hash : prefix) {
      Integer block = prefixIndex.get(hash);
      if (block == null) {
        block = take();
        host.load(hash, block);
        know(hash, block);
        loaded.add(hash);
      }
      table.append(block);
    }
    loaded.reversed().forEach(host::unpin);
  }

  /** Adds new blocks until the table holds {@code tokenCount} tokens; all of them or none. */
  public boolean grow(BlockTable table, int tokenCount) {
    int missing = blocksFor(tokenCount) - table.size();
    if (missing > pool.freeCount()) {
      return false;
    }
    for (int i = 0; i < missing; i++) {
      table.append(take());
    }
    return true;
  }

  /** Makes a full, computed block findable; where its content is known already, the first stays. */
  public void publish(BlockTable table, int index, BlockHash hash) {
    int block = table.get(index);
    if (reusePrefixes && pool.content(block) == null && !prefixIndex.containsKey(hash)) {
      know(hash, block);
    }
  }

  /** Gives all blocks back, the last first, so that the beginning of a prefix lives longest. */
  public void release(BlockTable table) {
    while (table.size() > 0) {
      pool.release(table.removeLast());
    }
  }

  /**
   * Executes the copies between the tiers that were emitted since, in order. Must be done before
   * the next step is computed, since its blocks are filled and emptied by them. When {@code
   * execute} throws, that copy and all after it remain for the next call.
   */
  public void drainCopies(Consumer<BlockCopy> execute) {
    host.drain(execute);
  }

  private void know(BlockHash hash, int block) {
    prefixIndex.put(hash, block);
    pool.setContent(block, hash);
  }

  /** Takes a free block; what it holds moves to the host tier. */
  private int take() {
    int block = pool.take();
    BlockHash hash = pool.content(block);
    if (hash != null) {
      prefixIndex.remove(hash);
      pool.setContent(block, null);
      host.save(hash, block);
    }
    return block;
  }
}
