package io.fullbore.kv;

/**
 * A copy of one block's whole content between the device and the host tier. {@link KvCache} emits
 * copies, the engine hands them to the backend in the same order; see {@link KvCache#drainCopies}.
 */
public sealed interface BlockCopy {
  /** From a device block to a host block. */
  record Out(int block, int hostBlock) implements BlockCopy {}

  /** From a host block to a device block. */
  record In(int hostBlock, int block) implements BlockCopy {}
}
