package io.fullbore.cache;

import io.fullbore.config.GatewayConfig;
import io.fullbore.redis.RedisGate;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Both tiers as one API instance sees them: answers in this process first, then those in Redis.
 * Without a Redis, or while it is gone, the first tier works alone. Confined to one event loop.
 */
public final class AnswerCache {
  /** What is to be forgotten. */
  public enum Purge {
    ALL,
    KNOWLEDGE
  }

  private static final long EPOCHS_MS = 400;

  private final LocalAnswers local;
  private final @Nullable RedisAnswers remote;
  private final GatewayConfig.Cache settings;

  /**
   * @param local shared by all instances
   * @param gate null where there is no Redis
   */
  public AnswerCache(LocalAnswers local, @Nullable RedisGate gate, GatewayConfig.Cache settings) {
    this.local = local;
    this.remote = gate == null ? null : new RedisAnswers(gate, settings);
    this.settings = settings;
  }

  /** Begins to follow the purges of other nodes; call on the event loop. */
  public Future<Void> start(Vertx vertx) {
    RedisAnswers answers = remote;
    if (answers == null) {
      return Future.succeededFuture();
    }
    vertx.setPeriodic(EPOCHS_MS, ignored -> followPurges(answers));
    return followPurges(answers);
  }

  private Future<Void> followPurges(RedisAnswers answers) {
    RedisAnswers.Epochs before = local.epochs();
    return answers
        .epochs()
        .map(
            known -> {
              known.ifPresent(now -> local.follow(before, now));
              return null;
            });
  }

  /** Counts the purges of everything: part of what is hashed. */
  public long epoch() {
    return local.epochs().all();
  }

  public GatewayConfig.Cache settings() {
    return settings;
  }

  public @Nullable StoredAnswer local(CacheKey key) {
    return local.get(key);
  }

  /** Answers in this process, about. */
  public long localCount() {
    return local.count();
  }

  /** Whether there is a second tier now. */
  public boolean remoteUp() {
    return remote != null && remote.up();
  }

  /** Looks in Redis, and remembers what it finds here. Never fails. */
  public Future<Optional<StoredAnswer>> remote(CacheKey key) {
    return remote == null
        ? Future.succeededFuture(Optional.empty())
        : remote.find(key).onSuccess(found -> found.ifPresent(answer -> local.put(key, answer)));
  }

  /** Whether this node is the one to compute the answer now. Never fails. */
  public Future<Boolean> lease(CacheKey key) {
    return remote == null || settings.leaseMs() == 0
        ? Future.succeededFuture(true)
        : remote.lease(key);
  }

  /** Nobody need wait for the answer any more. */
  public void endLease(CacheKey key) {
    if (remote != null && settings.leaseMs() > 0) {
      remote.endLease(key);
    }
  }

  /** Remembers an answer in both tiers. */
  public void store(CacheKey key, StoredAnswer answer) {
    local.put(key, answer);
    if (remote != null) {
      remote.store(key, answer);
    }
  }

  /**
   * Forgets answers, here at once and on other nodes within half a second.
   *
   * @return fails where Redis cannot be asked; here they are forgotten nevertheless
   */
  public Future<Void> purge(Purge purge) {
    local.purge(purge);
    RedisAnswers answers = remote;
    return answers == null
        ? Future.succeededFuture()
        : answers.purge(purge).compose(done -> followPurges(answers));
  }
}
