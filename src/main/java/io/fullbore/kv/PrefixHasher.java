package io.fullbore.kv;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/**
 * Computes the hash chain over the full blocks of a token sequence: each hash covers the block's
 * tokens and the hash before it, and the first one the tenant's salt. Tenants with different salts
 * therefore never share a block, and cannot learn of each other's prompts by timing.
 *
 * <p>Used by one engine thread.
 */
public final class PrefixHasher {
  private final int blockTokens;
  private final MessageDigest digest;
  private final ByteBuffer buffer;

  /**
   * @param blockTokens tokens per block
   */
  public PrefixHasher(int blockTokens) {
    this.blockTokens = blockTokens;
    this.buffer = ByteBuffer.allocate(2 * Long.BYTES + blockTokens * Integer.BYTES);
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The start of every chain of one tenant. */
  public BlockHash root(String salt) {
    return truncate(digest.digest(salt.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * Appends to {@code chain} the hashes of the full blocks of {@code tokens[0, tokenCount)} that it
   * does not cover yet.
   *
   * @param chain hashes of the leading blocks, one per block
   */
  public void extend(BlockHash root, List<BlockHash> chain, int[] tokens, int tokenCount) {
    int fullBlocks = tokenCount / blockTokens;
    while (chain.size() < fullBlocks) {
      BlockHash previous = chain.isEmpty() ? root : chain.getLast();
      chain.add(next(previous, tokens, chain.size() * blockTokens));
    }
  }

  private BlockHash next(BlockHash previous, int[] tokens, int from) {
    buffer.clear().putLong(previous.high()).putLong(previous.low());
    for (int i = from; i < from + blockTokens; i++) {
      buffer.putInt(tokens[i]);
    }
    return truncate(digest.digest(buffer.array()));
  }

  private static BlockHash truncate(byte[] hash) {
    ByteBuffer bytes = ByteBuffer.wrap(hash);
    return new BlockHash(bytes.getLong(), bytes.getLong());
  }
}
