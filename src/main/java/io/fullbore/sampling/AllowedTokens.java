package io.fullbore.sampling;

/** Says which tokens may come next in one sequence. Asked on the engine thread. */
@FunctionalInterface
public interface AllowedTokens {
  /**
   * The tokens that may follow the sequence's last one, {@code [ceil(vocabularySize / 32)]}, the
   * lowest bit for the lowest id. Valid until the next call.
   */
  int[] mask();
}
