package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.Eventually;
import io.fullbore.upstream.UpstreamGate.Permit;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A clock, an alarm and gates for a test, and what it does with them. */
abstract class GateFixture {
  static Vertx vertx;

  final ManualClock clock = new ManualClock();
  final ManualAlarm alarm = new ManualAlarm();

  @BeforeAll
  static void open() {
    vertx = Vertx.vertx();
  }

  @AfterAll
  static void close() throws Exception {
    vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  SharedGate gate(GateSettings settings) {
    return new SharedGate(settings.upstream(), vertx, alarm, clock, FixedRandom.MOST);
  }

  static Permit granted(Future<Permit> entered) throws Exception {
    return entered.toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
  }

  static Permit sent(SharedGate gate) {
    Future<Permit> entered = gate.enter(1, Long.MAX_VALUE);
    assertTrue(entered.succeeded(), () -> String.valueOf(entered.cause()));
    return entered.result();
  }

  static GateClosedException refused(Future<Permit> entered) throws Exception {
    Eventually.await(entered::isComplete);
    return assertInstanceOf(GateClosedException.class, entered.cause());
  }

  static GateClosedException refusedAtOnce(Future<Permit> entered) {
    return assertInstanceOf(GateClosedException.class, entered.cause());
  }

  static List<Future<Permit>> enterMany(SharedGate gate, int count) {
    var entered = new ArrayList<Future<Permit>>();
    for (int i = 0; i < count; i++) {
      entered.add(gate.enter(1, Long.MAX_VALUE));
    }
    return entered;
  }

  static void breakCircuit(SharedGate gate) {
    for (int i = 0; i < Breaker.MIN_RESULTS; i++) {
      sent(gate).failed();
    }
  }
}
