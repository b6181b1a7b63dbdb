package io.fullbore.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.Eventually;
import io.fullbore.redis.RedisGate;
import io.fullbore.redis.RedisOutage;
import io.fullbore.redis.RedisServer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two stores are two nodes. */
class RedisKeysTest extends KeyStoreContract {
  private static final long WITHIN_A_SECOND_MS = 1_000;
  private static final long RECONNECT_MS = 10_000;

  private RedisServer redis;

  @BeforeEach
  void startRedis() throws Exception {
    redis = RedisServer.start();
  }

  @AfterEach
  void stopRedis() {
    redis.close();
  }

  @Override
  KeyHome home() {
    return new RedisKeys(vertx, gate());
  }

  private RedisGate gate() {
    var options = new RedisOptions().setConnectionString(redis.url());
    return new RedisGate(vertx, options, 500, new RedisOutage());
  }

  @Test
  void aChangeOnOneNodeHoldsOnTheOtherWithinASecond() throws Exception {
    KeyStore one = store(home());
    KeyStore other = store(home());
    IssuedKey key = await(one.create(keptHere("Ada")));
    Eventually.await(() -> other.authenticate(key.secret()).isPresent(), WITHIN_A_SECOND_MS);
    assertEquals(one.list(), other.list());
    assertFalse(other.authenticate(key.secret()).orElseThrow().mayForward());
    assertEquals(Revocation.REVOKED, await(one.revoke(key.record().id())));
    Eventually.await(() -> other.authenticate(key.secret()).isEmpty(), WITHIN_A_SECOND_MS);
  }

  @Test
  void whileRedisIsFrozenKeysStayInForceAndCannotBeChanged() throws Exception {
    KeyStore store = store(home());
    IssuedKey key = await(store.create(KeySpec.unlimited("Ada")));
    redis.freeze();
    assertThrows(
        KeysUnavailableException.class, () -> await(store.create(KeySpec.unlimited("Bob"))));
    var refused =
        assertThrows(KeysUnavailableException.class, () -> await(store.revoke(key.record().id())));
    assertTrue(String.valueOf(refused.getMessage()).contains("try again"));
    assertTrue(store.authenticate(key.secret()).isPresent());
    redis.thaw();
    Eventually.await(() -> revoked(store, key), RECONNECT_MS);
  }

  private static boolean revoked(KeyStore store, IssuedKey key) {
    try {
      await(store.revoke(key.record().id()));
      return store.authenticate(key.secret()).isEmpty();
    } catch (KeysUnavailableException e) {
      return false;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aRedisThatComesBackWithoutItsDataHasNoKeys() throws Exception {
    KeyStore store = store(home());
    IssuedKey key = await(store.create(KeySpec.unlimited("Ada")));
    redis.kill();
    assertThrows(
        KeysUnavailableException.class, () -> await(store.create(KeySpec.unlimited("Bob"))));
    assertTrue(store.authenticate(key.secret()).isPresent());
    redis.restart();
    Eventually.await(() -> store.list().isEmpty(), RECONNECT_MS);
    assertTrue(store.authenticate(key.secret()).isEmpty());
    assertFalse(store.empty());
  }

  @Test
  void aRedisThatWasNeverReachedLetsNobodyIn() throws Exception {
    redis.kill();
    KeyStore store = store(home());
    assertFalse(store.empty());
    redis.restart();
    Eventually.await(store::empty, RECONNECT_MS);
  }

  @Test
  void aMalformedKeyDoesNotLockTheOthersOut() throws Exception {
    IssuedKey key = await(store(home()).create(KeySpec.unlimited("Ada")));
    Redis client = Redis.createClient(vertx, redis.url());
    await(client.send(Request.cmd(Command.HSET).arg("{fullbore:keys}").arg("a").arg("fb-secret")));
    await(client.send(Request.cmd(Command.HSET).arg("{fullbore:keys}").arg("b").arg("{}")));
    assertEquals(List.of(key.record()), store(home()).list());
    await(client.close());
  }

  @Test
  void whereEveryKeyWasRevokedALaterNodeIsNotEmptyEither() throws Exception {
    KeyStore store = store(home());
    await(store.revoke("key-of-nobody"));
    assertTrue(store(home()).empty());
    await(store.revoke(await(store.create(KeySpec.unlimited("Ada"))).record().id()));
    assertFalse(store(home()).empty());
  }

  @Test
  void whatWasEditedByHandIsSeenAfterAWhile() throws Exception {
    KeyStore store = store(new RedisKeys(vertx, gate(), 2));
    IssuedKey key = await(store.create(KeySpec.unlimited("Ada")));
    Redis client = Redis.createClient(vertx, redis.url());
    await(client.send(Request.cmd(Command.HDEL).arg("{fullbore:keys}").arg(key.record().id())));
    Eventually.await(() -> store.authenticate(key.secret()).isEmpty(), RECONNECT_MS);
    await(client.close());
  }

  @Test
  void whatIsWrongWithRedisIsSaidOnce() throws Exception {
    Redis client = Redis.createClient(vertx, redis.url());
    await(client.send(Request.cmd(Command.SET).arg("{fullbore:keys}").arg("no hash")));
    try (var log = new KeyLog(RedisKeys.class)) {
      KeyStore store = store(home());
      store(home());
      assertEquals(2, log.lines().size(), log.lines()::toString);
      assertFalse(store.empty());
      await(client.send(Request.cmd(Command.DEL).arg("{fullbore:keys}")));
      Eventually.await(store::empty, RECONNECT_MS);
      assertEquals(2, log.lines().size(), log.lines()::toString);
    }
    await(client.close());
  }
}
