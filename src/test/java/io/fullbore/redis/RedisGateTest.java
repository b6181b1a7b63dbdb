package io.fullbore.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.Eventually;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetSocket;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RedisGateTest {
  private static final RedisScript DOUBLE = RedisScript.of("return ARGV[1] * 2");

  private final Vertx vertx = Vertx.vertx();
  private final Context loop = vertx.getOrCreateContext();

  @AfterEach
  void close() throws Exception {
    vertx.close().await(10, TimeUnit.SECONDS);
  }

  private RedisGate gate(String url, long timeoutMs) throws Exception {
    var gate =
        new RedisGate(
            vertx, new RedisOptions().setConnectionString(url), timeoutMs, new RedisOutage());
    onLoop(gate::start);
    return gate;
  }

  private <T> T onLoop(Supplier<Future<T>> action) throws Exception {
    Promise<T> done = Promise.promise();
    loop.runOnContext(ignored -> action.get().onComplete(done));
    return done.future().await(30, TimeUnit.SECONDS);
  }

  private Throwable failure(Supplier<Future<Response>> action) throws Exception {
    return onLoop(
        () ->
            action
                .get()
                .map(response -> (Throwable) new AssertionError("answered " + response))
                .otherwise(cause -> cause));
  }

  private void await(BooleanSupplier condition) throws Exception {
    Eventually.await(() -> onLoop(() -> Future.succeededFuture(condition.getAsBoolean())));
  }

  private static Supplier<Future<Response>> ping(RedisGate gate) {
    return () -> gate.send(Request.cmd(Command.PING));
  }

  @Test
  void teachesScriptsAndPassesErrorsOn() throws Exception {
    try (var redis = RedisServer.start()) {
      RedisGate gate = gate(redis.url(), 2_000);
      assertEquals(42, onLoop(() -> gate.eval(DOUBLE, List.of(), List.of("21"))).toInteger());
      onLoop(() -> gate.send(Request.cmd(Command.SCRIPT).arg("FLUSH")));
      assertEquals(44, onLoop(() -> gate.eval(DOUBLE, List.of(), List.of("22"))).toInteger());
      onLoop(() -> gate.send(Request.cmd(Command.SET).arg("text").arg("no number")));
      assertInstanceOf(
          ErrorType.class, failure(() -> gate.send(Request.cmd(Command.INCR).arg("text"))));
      assertTrue(gate.up());
    }
  }

  @Test
  void aFrozenRedisFailsWhatWaitsAndHeals() throws Exception {
    try (var redis = RedisServer.start()) {
      RedisGate gate = gate(redis.url(), 40);
      redis.freeze();
      assertInstanceOf(RedisDownException.class, failure(ping(gate)));
      assertFalse(gate.up());
      assertInstanceOf(RedisDownException.class, failure(ping(gate)));
      redis.thaw();
      await(gate::up);
      assertEquals("PONG", onLoop(ping(gate)).toString());
    }
  }

  @Test
  void aKilledRedisHealsWhenItIsStartedAgain() throws Exception {
    try (var redis = RedisServer.start()) {
      var ups = new AtomicInteger();
      var gate =
          new RedisGate(
              vertx, new RedisOptions().setConnectionString(redis.url()), 500, new RedisOutage());
      gate.onUp(ups::incrementAndGet);
      onLoop(gate::start);
      assertEquals(1, ups.get());
      redis.kill();
      await(() -> !gate.up());
      assertInstanceOf(RedisDownException.class, failure(ping(gate)));
      redis.restart();
      await(gate::up);
      assertEquals(2, ups.get());
      assertEquals("PONG", onLoop(ping(gate)).toString());
    }
  }

  @Test
  void aServerThatAcceptsAndNeverAnswersIsNoRedis() throws Exception {
    var accepted = new AtomicInteger();
    int port =
        vertx
            .createNetServer()
            .connectHandler((NetSocket socket) -> accepted.incrementAndGet())
            .listen(0, "127.0.0.1")
            .await()
            .actualPort();
    RedisGate gate = gate("redis://127.0.0.1:" + port, 40);
    assertTrue(accepted.get() > 0);
    assertFalse(gate.up());
    assertInstanceOf(RedisDownException.class, failure(ping(gate)));
  }

  @Test
  void thePasswordIsNeverTold() {
    String cluster = "Failed obtaining connection to: redis://user:p@ss@127.0.0.1:7000/0";
    assertEquals(
        "java.io.IOException: Failed obtaining connection to: redis://***@127.0.0.1:7000/0",
        RedisGate.reason(new IOException(cluster)));
    assertEquals(
        "java.io.IOException: [redis://127.0.0.1:1/?password=***&protocol=3]",
        RedisGate.reason(new IOException("[redis://127.0.0.1:1/?password=secret&protocol=3]")));
  }
}
