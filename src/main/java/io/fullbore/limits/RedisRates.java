package io.fullbore.limits;

import io.fullbore.limits.ScriptRunner.Run;
import io.vertx.core.Future;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Buckets in Redis, shared by all nodes; while Redis is gone, a share of each in this process.
 * Confined to an event loop.
 */
final class RedisRates implements Rates {
  private final ScriptRunner redis;
  private final LocalRates fallback;
  private final int fallbackPercent;
  private final String node = UUID.randomUUID().toString();
  private long lastSlot;

  RedisRates(ScriptRunner redis, LocalRates fallback, int fallbackPercent) {
    this.redis = redis;
    this.fallback = fallback;
    this.fallbackPercent = fallbackPercent;
  }

  @Override
  public Future<Take> take(List<Bucket> buckets, long units) {
    String slot = node + "-" + ++lastSlot;
    List<String> keys = buckets.stream().map(Bucket::key).toList();
    var arguments =
        new ArrayList<>(
            List.of(
                Long.toString(units),
                slot,
                Long.toString(fallback.slotLifeMs()),
                Long.toString(SLOT_RETRY_MS)));
    for (Bucket bucket : buckets) {
      arguments.add(bucket.kind().name());
      arguments.add(Long.toString(bucket.limit()));
    }
    return redis
        .ask(new Run(RateScripts.TAKE, keys, arguments), freeSlot(buckets, keys, slot))
        .compose(
            answer ->
                answer.isPresent()
                    ? Future.succeededFuture(read(answer.get(), buckets, keys, slot))
                    : fallback.take(share(buckets), units));
  }

  private Take read(Response answer, List<Bucket> buckets, List<String> keys, String slot) {
    var readings = new ArrayList<Reading>(buckets.size());
    for (int i = 0; i < buckets.size(); i++) {
      readings.add(new Reading(buckets.get(i), answer.get(i + 2).toLong()));
    }
    int refusing = answer.get(0).toInteger();
    if (refusing > 0) {
      return new Take.Refused(readings, buckets.get(refusing - 1), answer.get(1).toLong());
    }
    return new Take.Granted(
        readings,
        back -> redis.tell(giveBack(buckets, keys, back, slot), freeSlot(buckets, keys, slot)));
  }

  /** May be run twice, or without the slot having been taken. */
  private static @Nullable Run freeSlot(List<Bucket> buckets, List<String> keys, String slot) {
    return buckets.stream().anyMatch(bucket -> bucket.kind() == Bucket.Kind.SLOTS)
        ? giveBack(buckets, keys, 0, slot)
        : null;
  }

  private static Run giveBack(List<Bucket> buckets, List<String> keys, long units, String slot) {
    var arguments = new ArrayList<>(List.of(Long.toString(units), slot));
    for (Bucket bucket : buckets) {
      arguments.add(bucket.kind().name());
    }
    return new Run(RateScripts.GIVE_BACK, keys, arguments);
  }

  private List<Bucket> share(List<Bucket> buckets) {
    return buckets.stream().map(bucket -> bucket.share(fallbackPercent)).toList();
  }
}
