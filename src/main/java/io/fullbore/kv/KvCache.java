package io.fullbore.kv;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

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
 * PagedAttention (Kwon et al., 2023) and its hash-chained prefix cache. Owned by the engine thread.
 */
public final class KvCache {
  private final BlockPool pool;
  private final Map<BlockHash, Integer> prefixIndex = new HashMap<>();
  private final int blockTokens;
  private final boolean reusePrefixes;

  /**
   * @param blockCount blocks in all
   * @param blockTokens tokens per block
   * @param reusePrefixes whether full blocks are kept and found again
   */
  public KvCache(int blockCount, int blockTokens, boolean reusePrefixes) {
    if (blockCount < 1 || blockTokens < 1) {
      throw new IllegalArgumentException(
          "blockCount=%d blockTokens=%d must be positive".formatted(blockCount, blockTokens));
    }
    this.pool = new BlockPool(blockCount);
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

  /** Blocks whose content can be found again. */
  public int cachedBlocks() {
    return prefixIndex.size();
  }

  /** Blocks that hold {@code tokenCount} tokens. */
  public int blocksFor(int tokenCount) {
    return Math.ceilDiv(tokenCount, blockTokens);
  }

  /** How many leading blocks of the chain are cached, {@code maxBlocks} at most. */
  public int matchedBlocks(List<BlockHash> chain, int maxBlocks) {
    int matched = 0;
    while (matched < Math.min(chain.size(), maxBlocks)
        && prefixIndex.containsKey(chain.get(matched))) {
      matched++;
    }
    return matched;
  }

  /**
   * Gives an empty table the first {@code matched} cached blocks of the chain and new blocks up to
   * {@code tokenCount} tokens, or, when the free blocks do not suffice, nothing.
   *
   * @return whether the table now holds all of it
   */
  public boolean allocate(BlockTable table, List<BlockHash> chain, int matched, int tokenCount) {
    int unheldMatches = 0;
    for (int i = 0; i < matched; i++) {
      unheldMatches += pool.isFree(prefixIndex.get(chain.get(i))) ? 1 : 0;
    }
    if (blocksFor(tokenCount) - matched + unheldMatches > pool.freeCount()) {
      return false;
    }
    for (int i = 0; i < matched; i++) {
      int block = prefixIndex.get(chain.get(i));
      pool.retain(block);
      table.append(block);
    }
    return grow(table, tokenCount);
  }

  /** Adds new blocks until the table holds {@code tokenCount} tokens; all of them or none. */
  public boolean grow(BlockTable table, int tokenCount) {
    int missing = blocksFor(tokenCount) - table.size();
    if (missing > pool.freeCount()) {
      return false;
    }
    for (int i = 0; i < missing; i++) {
      int block = pool.take();
      forget(block);
      table.append(block);
    }
    return true;
  }

  /** Makes a full, computed block findable; where its content is known already, the first stays. */
  public void publish(BlockTable table, int index, BlockHash hash) {
    int block = table.get(index);
    if (reusePrefixes
        && pool.content(block) == null
        && prefixIndex.putIfAbsent(hash, block) == null) {
      pool.setContent(block, hash);
    }
  }

  /** Gives all blocks back, the last first, so that the beginning of a prefix lives longest. */
  public void release(BlockTable table) {
    while (table.size() > 0) {
      pool.release(table.removeLast());
    }
  }

  private void forget(int block) {
    BlockHash hash = pool.content(block);
    if (hash != null) {
      prefixIndex.remove(hash);
      pool.setContent(block, null);
    }
  }
}
