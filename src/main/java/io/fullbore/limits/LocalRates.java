package io.fullbore.limits;

import io.vertx.core.Future;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Buckets in this process. Thread-safe: event loops share one, and hold its lock for well under a
 * microsecond.
 *
 * <p>Bounded: each call forgets more buckets than it can make, those first that have not been asked
 * for longest, as long as they are full again or there are more than {@link #MAX_BUCKETS}.
 */
final class LocalRates implements Rates {
  private static final int MAX_BUCKETS = 100_000;
  private static final int FORGOTTEN_PER_CALL = 8;

  private final long slotLifeMs;
  private final InstantSource clock;

  /** By the bucket's key, the one not asked for longest first. */
  private final LinkedHashMap<String, Meter> meters = new LinkedHashMap<>(16, 0.75f, true);

  private long lastSlot;

  LocalRates(long requestTimeoutMs, InstantSource clock) {
    slotLifeMs = requestTimeoutMs + SLOT_MARGIN_MS;
    this.clock = clock;
  }

  @Override
  public Future<Take> take(List<Bucket> buckets, long units) {
    return Future.succeededFuture(takeNow(buckets, units));
  }

  private synchronized Take takeNow(List<Bucket> buckets, long units) {
    long nowMs = clock.millis();
    forgetIdle(nowMs);
    Bucket refusing = null;
    long waitMs = 0;
    var taken = new ArrayList<Meter>(buckets.size());
    for (Bucket bucket : buckets) {
      Meter meter = meter(bucket);
      taken.add(meter);
      long bucketWaitMs = meter.waitMs(bucket.limit(), units, nowMs);
      if (bucketWaitMs > waitMs) {
        waitMs = bucketWaitMs;
        refusing = bucket;
      }
    }
    long slot = ++lastSlot;
    var readings = new ArrayList<Reading>(buckets.size());
    for (int i = 0; i < taken.size(); i++) {
      if (refusing == null) {
        taken.get(i).take(units, slot, nowMs);
      }
      readings.add(new Reading(buckets.get(i), taken.get(i).level()));
    }
    return refusing == null
        ? new Take.Granted(readings, back -> giveBack(buckets, back, slot))
        : new Take.Refused(readings, refusing, waitMs);
  }

  private synchronized void giveBack(List<Bucket> buckets, long units, long slot) {
    for (Bucket bucket : buckets) {
      Meter meter = meters.get(bucket.key());
      if (meter != null) {
        meter.giveBack(units, slot);
      }
    }
  }

  private Meter meter(Bucket bucket) {
    return meters.computeIfAbsent(
        bucket.key(),
        key ->
            switch (bucket.kind()) {
              case REQUESTS, TOKENS -> new LevelMeter();
              case SLOTS -> new SlotMeter(slotLifeMs);
            });
  }

  private void forgetIdle(long nowMs) {
    Iterator<Meter> longestUnused = meters.values().iterator();
    for (int i = 0; i < FORGOTTEN_PER_CALL && longestUnused.hasNext(); i++) {
      if (longestUnused.next().idle(nowMs) || meters.size() > MAX_BUCKETS) {
        longestUnused.remove();
      } else {
        return;
      }
    }
  }

  long slotLifeMs() {
    return slotLifeMs;
  }

  /** For tests. */
  synchronized int bucketCount() {
    return meters.size();
  }

  /** The state of one bucket. */
  private sealed interface Meter {
    /** Until the units fit; 0 is now. Brings the state up to date. */
    long waitMs(long limit, long units, long nowMs);

    void take(long units, long slot, long nowMs);

    void giveBack(long units, long slot);

    long level();

    /** Whether a new bucket would be the same. */
    boolean idle(long nowMs);
  }

  /** Of a rate: see {@link Reading#level}. */
  private static final class LevelMeter implements Meter {
    private long level;
    private long atMs;
    private long limit = 1;

    @Override
    public long waitMs(long limit, long units, long nowMs) {
      this.limit = limit;
      level = idle(nowMs) ? 0 : level - Math.max(0, nowMs - atMs) * limit;
      atMs = nowMs;
      long mayStand = Math.max(0, limit - units) * Reading.MINUTE_MS;
      return Math.max(0, Math.ceilDiv(level - mayStand, limit));
    }

    @Override
    public void take(long units, long slot, long nowMs) {
      level += units * Reading.MINUTE_MS;
    }

    @Override
    public void giveBack(long units, long slot) {
      level = Math.max(0, level - units * Reading.MINUTE_MS);
    }

    @Override
    public long level() {
      return level;
    }

    @Override
    public boolean idle(long nowMs) {
      return Math.ceilDiv(level, limit) <= nowMs - atMs;
    }
  }

  /** Of slots. */
  private static final class SlotMeter implements Meter {
    /** End of life by slot, the first to end first. */
    private final Map<Long, Long> endMs = new LinkedHashMap<>();

    private final long lifeMs;

    SlotMeter(long lifeMs) {
      this.lifeMs = lifeMs;
    }

    @Override
    public long waitMs(long limit, long units, long nowMs) {
      expire(nowMs);
      return endMs.size() < limit ? 0 : SLOT_RETRY_MS;
    }

    @Override
    public void take(long units, long slot, long nowMs) {
      endMs.put(slot, nowMs + lifeMs);
    }

    @Override
    public void giveBack(long units, long slot) {
      endMs.remove(slot);
    }

    @Override
    public long level() {
      return endMs.size();
    }

    @Override
    public boolean idle(long nowMs) {
      expire(nowMs);
      return endMs.isEmpty();
    }

    private void expire(long nowMs) {
      Iterator<Long> ends = endMs.values().iterator();
      while (ends.hasNext() && ends.next() <= nowMs) {
        ends.remove();
      }
    }
  }
}
