package io.fullbore.upstream;

import io.fullbore.core.Usage;

/** A request under way at an upstream. Confined to the event loop that started it. */
public interface UpstreamCall {
  /**
   * Stops it, whatever it does, without telling the sink; harmless when it has ended.
   *
   * @return tokens that were used so far; none where nothing was sent
   */
  Usage cancel();

  /** Reads no more until {@link #resume}: the caller's reader is slow. */
  void pause();

  /** Reads on. */
  void resume();
}
