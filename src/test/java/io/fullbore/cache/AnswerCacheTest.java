package io.fullbore.cache;

import static io.fullbore.Eventually.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.config.GatewayConfig;
import io.fullbore.redis.RedisGate;
import io.fullbore.redis.RedisOutage;
import io.fullbore.redis.RedisServer;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two nodes with one Redis. */
@Timeout(60)
class AnswerCacheTest {
  private static final GatewayConfig.Cache SETTINGS =
      new GatewayConfig.Cache(true, 1 << 20, 1 << 20, 300_000, 60_000, 600_000, 2, 3, 5_000);
  private static final CacheKey KEY = StoredAnswers.key(1);

  private static RedisServer redis;

  private final Vertx vertx = Vertx.vertx();
  private final Context loop = vertx.getOrCreateContext();
  private final List<RedisGate> gates = new ArrayList<>();
  private AnswerCache here;
  private AnswerCache there;

  @BeforeAll
  static void startRedis() throws Exception {
    redis = RedisServer.start();
  }

  @AfterAll
  static void stopRedis() {
    redis.close();
  }

  @BeforeEach
  void start() throws Exception {
    here = node();
    there = node();
    onLoop(() -> gates.getFirst().send(Request.cmd(Command.FLUSHALL)));
  }

  @AfterEach
  void stop() throws Exception {
    vertx.close().await(10, TimeUnit.SECONDS);
  }

  private AnswerCache node() throws Exception {
    var gate =
        new RedisGate(
            vertx, new RedisOptions().setConnectionString(redis.url()), 2_000, new RedisOutage());
    gates.add(gate);
    var cache = new AnswerCache(new LocalAnswers(1 << 20, 300_000, false), gate, SETTINGS);
    onLoop(() -> gate.start().compose(started -> cache.start(vertx)));
    return cache;
  }

  private <T> T onLoop(Supplier<Future<T>> action) throws Exception {
    Promise<T> done = Promise.promise();
    loop.runOnContext(ignored -> action.get().onComplete(done));
    return done.future().await(30, TimeUnit.SECONDS);
  }

  private @Nullable Response redis(Command command, String... arguments) throws Exception {
    Request request = Request.cmd(command);
    for (String argument : arguments) {
      request.arg(argument);
    }
    return onLoop(() -> gates.getFirst().send(request));
  }

  private void store(AnswerCache cache, CacheKey key, StoredAnswer answer) throws Exception {
    onLoop(
        () -> {
          cache.store(key, answer);
          return gates.getFirst().send(Request.cmd(Command.PING)); // behind the others on its way
        });
    await(() -> redis(Command.EXISTS, key.toString()).toInteger() == 1);
  }

  private @Nullable StoredAnswer found(AnswerCache cache, CacheKey key) throws Exception {
    return onLoop(() -> cache.remote(key)).orElse(null);
  }

  private long ttlMs(CacheKey key) throws Exception {
    return redis(Command.PTTL, key.toString()).toLong();
  }

  @Test
  void whatOneNodeStoresTheOtherFinds() throws Exception {
    assertNull(found(there, KEY));
    store(here, KEY, StoredAnswers.answer("hello"));
    assertNotNull(here.local(KEY));
    assertNull(there.local(KEY));
    StoredAnswer found = found(there, KEY);
    assertNotNull(found);
    assertEquals(StoredAnswers.answer("hello").events(), found.events());
    assertNotNull(there.local(KEY));
  }

  @Test
  void aFrequentAnswerLivesLonger() throws Exception {
    store(here, KEY, StoredAnswers.answer("hello"));
    found(there, KEY);
    assertTrue(ttlMs(KEY) <= 60_000);
    found(there, KEY);
    assertTrue(ttlMs(KEY) > 60_000);
  }

  @Test
  void theKnowledgeBaseNeverExpiresAndIsBounded() throws Exception {
    for (int i = 1; i <= 5; i++) {
      store(here, StoredAnswers.key(i), StoredAnswers.answer("fact", true));
      int last = i;
      await(() -> redis(Command.ZCARD, "cache:knowledge").toInteger() == Math.min(last, 3));
    }
    await(() -> redis(Command.EXISTS, StoredAnswers.key(2).toString()).toInteger() == 0);
    assertEquals(-1, ttlMs(StoredAnswers.key(5)));
    found(there, StoredAnswers.key(5));
    found(there, StoredAnswers.key(5));
    assertEquals(-1, ttlMs(StoredAnswers.key(5)));
  }

  @Test
  void aPurgeReachesTheOtherNode() throws Exception {
    store(here, KEY, StoredAnswers.answer("hello"));
    found(there, KEY);
    long epoch = there.epoch();
    onLoop(() -> here.purge(AnswerCache.Purge.ALL));
    assertNull(here.local(KEY));
    BooleanSupplier followed = () -> there.epoch() > epoch;
    await(() -> onLoop(() -> Future.succeededFuture(followed.getAsBoolean())));
    assertNull(there.local(KEY));
    assertEquals(here.epoch(), there.epoch());
  }

  @Test
  void theKnowledgeBaseIsPurgedAlone() throws Exception {
    store(here, KEY, StoredAnswers.answer("hello"));
    store(here, StoredAnswers.key(2), StoredAnswers.answer("fact", true));
    await(() -> redis(Command.ZCARD, "cache:knowledge").toInteger() == 1);
    found(there, StoredAnswers.key(2));
    long epoch = here.epoch();
    onLoop(() -> here.purge(AnswerCache.Purge.KNOWLEDGE));
    assertEquals(epoch, here.epoch());
    assertNotNull(here.local(KEY));
    assertNull(here.local(StoredAnswers.key(2)));
    assertNull(found(here, StoredAnswers.key(2)));
    await(() -> there.local(StoredAnswers.key(2)) == null);
  }

  @Test
  void aGreatKnowledgeBaseIsPurgedToo() throws Exception {
    for (int from = 0; from < 20_000; from += 2_000) {
      String[] members = new String[4_001];
      members[0] = "cache:knowledge";
      for (int i = 0; i < 2_000; i++) {
        members[2 * i + 1] = "1";
        members[2 * i + 2] = StoredAnswers.key(from + i).toString();
      }
      redis(Command.ZADD, members);
    }
    onLoop(() -> here.purge(AnswerCache.Purge.KNOWLEDGE));
    assertEquals(0, redis(Command.ZCARD, "cache:knowledge").toInteger());
  }

  @Test
  void aRefreshKeepsAnAnswerInTheKnowledgeBase() throws Exception {
    store(here, KEY, StoredAnswers.answer("fact", true));
    store(here, KEY, StoredAnswers.answer("new fact"));
    await(() -> found(there, KEY).events().equals(StoredAnswers.answer("new fact").events()));
    assertEquals(-1, ttlMs(KEY));
  }

  @Test
  void oneNodeHoldsTheLease() throws Exception {
    assertTrue(onLoop(() -> here.lease(KEY)));
    assertFalse(onLoop(() -> there.lease(KEY)));
    onLoop(
        () -> {
          there.endLease(KEY); // not its own
          return Future.succeededFuture();
        });
    assertFalse(onLoop(() -> there.lease(KEY)));
    onLoop(
        () -> {
          here.endLease(KEY);
          return Future.succeededFuture();
        });
    await(() -> onLoop(() -> there.lease(KEY)));
  }

  @Test
  void damageInRedisIsNoAnswer() throws Exception {
    redis(Command.HSET, KEY.toString(), "v", "no answer");
    assertNull(found(here, KEY));
    redis(Command.SET, StoredAnswers.key(2).toString(), "no hash");
    assertNull(found(here, StoredAnswers.key(2)));
  }
}
