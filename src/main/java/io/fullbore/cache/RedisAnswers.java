package io.fullbore.cache;

import io.fullbore.config.GatewayConfig;
import io.fullbore.redis.RedisDownException;
import io.fullbore.redis.RedisGate;
import io.fullbore.redis.RedisScript;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The second tier: answers in Redis, for all nodes. Each is a hash under its {@link CacheKey}:
 *
 * <pre>
 *   v  the answer, see {@link AnswerCodec}
 *   n  how often it was found; from a configured number on it lives longer
 *   k  there where it belongs to the knowledge base and does not expire
 * </pre>
 *
 * <p>{@code cache:knowledge} is a sorted set of the keys of the knowledge base by age, which bounds
 * it; {@code cache:epochs} counts purges; {@code lease:KEY} says that a node computes the answer.
 * Whatever Redis does, nothing here fails: an answer that cannot be had is not there. Confined to
 * the gate's event loop.
 */
final class RedisAnswers {
  private static final Logger LOG = LoggerFactory.getLogger(RedisAnswers.class);
  private static final String KNOWLEDGE = "cache:knowledge";
  private static final String EPOCHS = "cache:epochs";
  private static final String ALL = "all";
  private static final String KNOWLEDGE_PURGES = "knowledge";
  private static final int DROP_BATCH = 100;

  /** KEYS: answer. ARGV: hits that make it frequent, a frequent one's ms. */
  private static final RedisScript FIND =
      RedisScript.of(
          """
          local answer = redis.call('HGET', KEYS[1], 'v')
          if not answer then return false end
          local hits = redis.call('HINCRBY', KEYS[1], 'n', 1)
          if hits == tonumber(ARGV[1]) and redis.call('HEXISTS', KEYS[1], 'k') == 0 then
            redis.call('PEXPIRE', KEYS[1], ARGV[2])
          end
          return answer
          """);

  /**
   * KEYS: answer. ARGV: ms to live, 0 for ever; the answer. What belonged to the knowledge base
   * does so still.
   */
  private static final RedisScript STORE =
      RedisScript.of(
          """
          local knowledge = redis.call('HEXISTS', KEYS[1], 'k') == 1
          redis.call('DEL', KEYS[1])
          redis.call('HSET', KEYS[1], 'v', ARGV[2], 'n', 0)
          if knowledge or ARGV[1] == '0' then
            redis.call('HSET', KEYS[1], 'k', 1)
          else
            redis.call('PEXPIRE', KEYS[1], ARGV[1])
          end
          return 1
          """);

  /** KEYS: lease. ARGV: its holder. */
  private static final RedisScript END_LEASE =
      RedisScript.of(
          """
          if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
          return 0
          """);

  private final RedisGate gate;
  private final GatewayConfig.Cache settings;
  private final String holder = UUID.randomUUID().toString();

  RedisAnswers(RedisGate gate, GatewayConfig.Cache settings) {
    this.gate = gate;
    this.settings = settings;
  }

  boolean up() {
    return gate.up();
  }

  /** Looks an answer up and counts the hit. */
  Future<Optional<StoredAnswer>> find(CacheKey key) {
    return gate.eval(
            FIND,
            List.of(key.toString()),
            List.of(
                Integer.toString(settings.frequentHits()), Long.toString(settings.frequentTtlMs())))
        .map(
            found ->
                found == null
                    ? Optional.<StoredAnswer>empty()
                    : AnswerCodec.decode(found.toBuffer().getBytes()))
        .otherwise(cause -> noted(cause, Optional.empty()));
  }

  Future<Void> store(CacheKey key, StoredAnswer answer) {
    long ttlMs = answer.knowledge() ? 0 : settings.ttlMs();
    return gate.eval(
            STORE,
            List.of(key.toString()),
            List.of(Long.toString(ttlMs)),
            Buffer.buffer(AnswerCodec.encode(answer)))
        .compose(stored -> answer.knowledge() ? addToKnowledge(key, answer) : done())
        .otherwise(cause -> noted(cause, null));
  }

  private Future<Void> addToKnowledge(CacheKey key, StoredAnswer answer) {
    return gate.send(
            Request.cmd(Command.ZADD)
                .arg(KNOWLEDGE)
                .arg(answer.storedEpochMs())
                .arg(key.toString()))
        .compose(added -> gate.send(Request.cmd(Command.ZCARD).arg(KNOWLEDGE)))
        .compose(count -> dropOldest(count.toLong() - settings.knowledgeEntries()));
  }

  private Future<Void> dropOldest(long count) {
    Promise<Void> done = Promise.promise();
    dropOldest(count, done);
    return done.future();
  }

  /** In batches, each begun when the one before has ended. */
  private void dropOldest(long count, Promise<Void> done) {
    if (count <= 0) {
      done.complete();
      return;
    }
    gate.send(
            Request.cmd(Command.ZRANGE).arg(KNOWLEDGE).arg(0).arg(Math.min(count, DROP_BATCH) - 1))
        .compose(this::drop)
        .onFailure(done::fail)
        .onSuccess(dropped -> dropOldest(dropped == 0 ? 0 : count - dropped, done));
  }

  /** One command for each key: in a cluster each has its own slot. */
  private Future<Integer> drop(Response keys) {
    List<Future<?>> gone = new ArrayList<>();
    for (Response key : keys) {
      gone.add(gate.send(Request.cmd(Command.UNLINK).arg(key.toString())));
      gone.add(gate.send(Request.cmd(Command.ZREM).arg(KNOWLEDGE).arg(key.toString())));
    }
    return Future.all(gone).map(all -> keys.size());
  }

  /** Whether this node is the one to compute the answer; also where Redis cannot be asked. */
  Future<Boolean> lease(CacheKey key) {
    return gate.send(
            Request.cmd(Command.SET)
                .arg(leaseKey(key))
                .arg(holder)
                .arg("NX")
                .arg("PX")
                .arg(settings.leaseMs()))
        .map(set -> set != null)
        .otherwise(cause -> noted(cause, true));
  }

  void endLease(CacheKey key) {
    gate.eval(END_LEASE, List.of(leaseKey(key)), List.of(holder))
        .onFailure(cause -> noted(cause, null));
  }

  private static String leaseKey(CacheKey key) {
    return "lease:" + key;
  }

  /** What was purged how often, in all and of the knowledge base; empty where Redis is gone. */
  Future<Optional<Epochs>> epochs() {
    return gate.send(Request.cmd(Command.HMGET).arg(EPOCHS).arg(ALL).arg(KNOWLEDGE_PURGES))
        .map(counts -> Optional.of(new Epochs(count(counts, 0), count(counts, 1))))
        .otherwise(cause -> noted(cause, Optional.empty()));
  }

  /**
   * How often answers were purged.
   *
   * @param all every answer; the count is part of every hash, so older answers are found no more
   * @param knowledge those of the knowledge base
   */
  record Epochs(long all, long knowledge) {}

  private static long count(Response counts, int index) {
    return counts.get(index) == null ? 0 : counts.get(index).toLong();
  }

  /**
   * Forgets answers on all nodes. Purges are counted when the knowledge base is empty, so that no
   * node takes a forgotten answer up again; one of everything is counted before as well, since the
   * ordinary answers are not found from then on.
   *
   * @return fails where Redis cannot be asked
   */
  Future<Void> purge(AnswerCache.Purge purge) {
    Future<?> begun =
        switch (purge) {
          case ALL -> count(ALL);
          case KNOWLEDGE -> done();
        };
    return begun
        .compose(counted -> gate.send(Request.cmd(Command.ZCARD).arg(KNOWLEDGE)))
        .compose(count -> dropOldest(count.toLong()))
        .compose(dropped -> count(KNOWLEDGE_PURGES));
  }

  private Future<Void> count(String purges) {
    return gate.send(Request.cmd(Command.HINCRBY).arg(EPOCHS).arg(purges).arg(1)).mapEmpty();
  }

  private static Future<Void> done() {
    return Future.succeededFuture();
  }

  /** An outage is in the log once already; anything else is a bug or damage. */
  private static <T> T noted(Throwable cause, T otherwise) {
    if (!(cause instanceof RedisDownException)) {
      LOG.warn("Redis refused an answer of the cache", cause);
    }
    return otherwise;
  }
}
