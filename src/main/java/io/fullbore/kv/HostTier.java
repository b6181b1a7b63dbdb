package io.fullbore.kv;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Queue;
import java.util.SequencedMap;
import java.util.function.Consumer;

/**
 * What lies in which block of host memory, and the copies that bring it there and back. {@link
 * KvCache} saves the content of a device block here before the block is taken for something else,
 * and loads it into another device block when a sequence begins with it. No blocks: no tier.
 *
 * <pre>
 *   order:   hash -> 4, hash -> 0, hash -> 2      (least recently used first, replaced first)
 *   pinned:  hash -> 1, hash -> 3                 (about to be loaded, not replaced)
 *   copies:  out(7, 4), in(1, 7), in(3, 9)        (not yet executed)
 * </pre>
 *
 * <p>Invariant: the two maps say what lies in the host blocks, and {@link KvCache} what lies in the
 * device blocks, <em>after</em> all copies emitted so far; a copy is decided on that state and put
 * at the end. Executed in the order of emission, every copy therefore finds what was known when it
 * was emitted, however often a block changes its content in between: a device block is saved before
 * another content is loaded into it, and a host block is loaded before another content is saved to
 * it. Loaded content stays here too, so that saving it again costs no copy. Owned by the engine
 * thread.
 */
final class HostTier {
  private final int blockCount;
  private final SequencedMap<BlockHash, Integer> order = new LinkedHashMap<>();
  private final Map<BlockHash, Integer> pinned = new HashMap<>();
  private final Queue<BlockCopy> copies = new ArrayDeque<>();

  HostTier(int blockCount) {
    this.blockCount = blockCount;
  }

  int blockCount() {
    return blockCount;
  }

  /** Blocks that hold something; once used, a block is replaced and never freed. */
  int cachedBlocks() {
    return order.size() + pinned.size();
  }

  boolean contains(BlockHash hash) {
    return order.containsKey(hash);
  }

  /**
   * Keeps the content of a device block that is about to be taken, in place of the least recently
   * used one; it is lost where all blocks are pinned.
   */
  void save(BlockHash hash, int block) {
    Integer known = order.remove(hash);
    if (known != null) {
      order.putLast(hash, known);
      return;
    }
    int hostBlock = cachedBlocks();
    if (hostBlock == blockCount) {
      Map.Entry<BlockHash, Integer> oldest = order.pollFirstEntry();
      if (oldest == null) {
        return;
      }
      hostBlock = oldest.getValue();
    }
    order.putLast(hash, hostBlock);
    copies.add(new BlockCopy.Out(block, hostBlock));
  }

  /** Protects a content from being replaced until it is unpinned. */
  void pin(BlockHash hash) {
    pinned.put(hash, order.remove(hash));
  }

  /** Copies a pinned content to a device block. */
  void load(BlockHash hash, int block) {
    copies.add(new BlockCopy.In(pinned.get(hash), block));
  }

  /** Makes a pinned content the most recently used one. */
  void unpin(BlockHash hash) {
    order.putLast(hash, pinned.remove(hash));
  }

  /** Executes the copies in order; one whose execution throws stays the first. */
  void drain(Consumer<BlockCopy> execute) {
    for (BlockCopy copy = copies.peek(); copy != null; copy = copies.peek()) {
      execute.accept(copy);
      copies.remove();
    }
  }
}
