package io.fullbore.limits;

import io.fullbore.core.Usage;

/**
 * What one request has taken. The first call counts and later ones do nothing. Confined to the
 * event loop that took it; never fails and never waits.
 */
public interface Hold {
  /** Frees the slot; gives back what was reserved beyond what was really used. */
  void settle(Usage usage);

  /** Frees the slot; gives back all that was reserved. The request itself stays counted. */
  void release();

  /** Settles what was used, or releases where nothing was. */
  default void end(Usage usage) {
    if (usage.totalTokens() > 0) {
      settle(usage);
    } else {
      release();
    }
  }
}
