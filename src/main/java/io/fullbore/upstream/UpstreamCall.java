package io.fullbore.upstream;

import io.fullbore.core.Usage;
import io.vertx.core.Future;

/** A request under way at an upstream. Confined to the event loop that started it. */
public interface UpstreamCall {
  /** Stops it, whatever it does, without telling the sink; harmless when it has ended. */
  void cancel();

  /**
   * Reads no more until {@link #resume}: the caller's reader is slow. Pieces that were read
   * already, at most those of one buffer, still come.
   */
  void pause();

  /** Reads on. */
  void resume();

  /**
   * What it has used so far, also after {@link #cancel}: tokens that came are paid for. Never
   * fails.
   */
  Future<Usage> used();
}
