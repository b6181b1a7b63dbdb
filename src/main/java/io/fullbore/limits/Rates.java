package io.fullbore.limits;

import io.vertx.core.Future;
import java.util.List;

/**
 * Keeps the buckets. The algorithm is the generic cell rate algorithm of ITU-T I.371 in its form as
 * a continuous-state leaky bucket: use raises a level, time sinks it, and what would raise it above
 * the limit does not conform. Slots are a set of tickets, each of which expires by itself in case
 * its node dies: after the longest that a request may take, and {@link #SLOT_MARGIN_MS}.
 */
interface Rates {
  long SLOT_MARGIN_MS = 600_000;

  /** Nobody knows when a slot becomes free; soon, as a rule. */
  long SLOT_RETRY_MS = 1_000;

  /**
   * Takes units from every bucket of a rate and one slot from every bucket of slots; or nothing.
   *
   * @param buckets at least one, all of one key
   */
  Future<Take> take(List<Bucket> buckets, long units);
}
