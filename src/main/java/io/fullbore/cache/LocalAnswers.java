package io.fullbore.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The first tier: answers in this process, bounded by bytes. Answers of the knowledge base stay
 * until there is no room, where no Redis keeps them. Thread-safe; shared by all API instances.
 */
public final class LocalAnswers {
  private static final int KEY_BYTES = 200;

  private final Cache<CacheKey, StoredAnswer> answers;

  private volatile RedisAnswers.Epochs epochs = new RedisAnswers.Epochs(0, 0);

  /**
   * @param maxBytes about what all answers may take together; 0 keeps none
   * @param ttlMs how long an answer is kept
   * @param keepKnowledge whether answers of the knowledge base are kept for longer
   */
  public LocalAnswers(long maxBytes, long ttlMs, boolean keepKnowledge) {
    this(maxBytes, ttlMs, keepKnowledge, System::nanoTime, Runnable::run);
  }

  LocalAnswers(long maxBytes, long ttlMs, boolean keepKnowledge, Ticker ticker, Executor executor) {
    Duration ttl = Duration.ofMillis(ttlMs);
    answers =
        Caffeine.newBuilder()
            .maximumWeight(maxBytes)
            .weigher((CacheKey key, StoredAnswer answer) -> KEY_BYTES + answer.weightBytes())
            .expireAfter(
                Expiry.<CacheKey, StoredAnswer>writing(
                    (key, answer) ->
                        keepKnowledge && answer.knowledge()
                            ? Duration.ofNanos(Long.MAX_VALUE)
                            : ttl))
            .ticker(ticker)
            .executor(executor)
            .build();
  }

  public @Nullable StoredAnswer get(CacheKey key) {
    return answers.getIfPresent(key);
  }

  public void put(CacheKey key, StoredAnswer answer) {
    answers.put(key, answer);
  }

  /** The purges that these answers have been through. */
  RedisAnswers.Epochs epochs() {
    return epochs;
  }

  /**
   * Goes through purges of other nodes, once for all instances: what one of them has read is out of
   * date where another was quicker.
   *
   * @param before what {@link #epochs} said when {@code now} was asked for
   */
  synchronized void follow(RedisAnswers.Epochs before, RedisAnswers.Epochs now) {
    if (epochs != before || now.equals(before)) {
      return;
    }
    if (now.all() != before.all()) {
      purge(AnswerCache.Purge.ALL);
    }
    if (now.knowledge() != before.knowledge()) {
      purge(AnswerCache.Purge.KNOWLEDGE);
    }
    epochs = now;
  }

  /** Forgets answers. */
  public void purge(AnswerCache.Purge purge) {
    switch (purge) {
      case ALL -> answers.invalidateAll();
      case KNOWLEDGE -> answers.asMap().values().removeIf(StoredAnswer::knowledge);
    }
  }

  /** Answers kept now, about. */
  public long count() {
    return answers.estimatedSize();
  }
}
