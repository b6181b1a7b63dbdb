package io.fullbore.backend;

import io.fullbore.graph.DecoderGraph;
import io.fullbore.model.Architecture;

/** A kind of backend that this machine runs a model on: what is asked before one is made. */
public interface BackendKind {
  /** Bytes of KV cache per block of {@code blockTokens} tokens, over all layers. */
  long bytesPerBlock(Architecture architecture, int blockTokens);

  /** Sequences computed at once where the settings leave their number open. */
  int automaticMaxRunning();

  /** Rows of a step where the settings leave their number open. */
  int automaticMaxStepTokens();

  /**
   * Bytes for the KV cache where the settings leave its size open.
   *
   * @param whole the sizes with as many blocks as all sequences at their full length take
   * @param modelCount models that share the memory
   * @throws BackendException when there is not enough memory for the model itself
   */
  long automaticKvBytes(DecoderGraph graph, KvSizing whole, int modelCount);

  /**
   * Checks that every buffer can be made.
   *
   * @throws io.fullbore.core.ModelFormatException saying which setting is too large for the model
   * @throws BackendException when it is known that there is not enough memory
   */
  void requireFits(DecoderGraph graph, KvSizing sizing);

  /**
   * Makes one; called on the engine thread.
   *
   * @param threadCount threads in all, the engine thread included
   * @throws BackendException when there is not enough memory
   */
  Backend open(DecoderGraph graph, KvSizing sizing, int threadCount);
}
