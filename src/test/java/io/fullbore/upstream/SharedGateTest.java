package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.upstream.UpstreamGate.Permit;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SharedGateTest extends GateFixture {
  @Test
  void lastInTheQueueIsSentLast() throws Exception {
    SharedGate gate = gate(GateSettings.slots(1, 3));
    Permit held = sent(gate);
    List<Future<Permit>> waiting = enterMany(gate, 3);
    for (int i = 0; i < 3; i++) {
      assertFalse(waiting.get(i).isComplete());
      held.release();
      held = granted(waiting.get(i));
    }
    held.release();
    sent(gate);
  }

  @Test
  void aWaiterIsAdmittedOnTheContextThatAsked() throws Exception {
    SharedGate gate = gate(GateSettings.slots(1, 1));
    Permit held = sent(gate);
    Context caller = vertx.getOrCreateContext();
    var completedOn = new CompletableFuture<Context>();
    var entered = new CompletableFuture<Void>();
    caller.runOnContext(
        ignored -> {
          gate.enter(1, Long.MAX_VALUE)
              .onComplete(result -> completedOn.complete(Vertx.currentContext()));
          entered.complete(null);
        });
    entered.get(10, TimeUnit.SECONDS);
    held.release();
    assertSame(caller, completedOn.get(10, TimeUnit.SECONDS));
  }

  @Test
  void aPermitCountsOnce() {
    SharedGate gate = gate(GateSettings.slots(2, 0));
    Permit first = sent(gate);
    sent(gate);
    first.succeeded(1, 1);
    first.succeeded(1, 1);
    first.failed();
    first.overloaded(1_000);
    first.release();
    sent(gate);
    refusedAtOnce(gate.enter(1, Long.MAX_VALUE));
  }

  @Test
  void whoLeavesPutsBackWhatItTook() throws Exception {
    var settings = new GateSettings(1, 1, 5_000, 2, 0);
    SharedGate gate = gate(settings);
    Permit held = sent(gate);
    Future<Permit> gone = gate.enter(1, Long.MAX_VALUE);
    gate.leave(gone);
    gate.leave(gone);
    Future<Permit> waiting = gate.enter(1, Long.MAX_VALUE);
    held.release();
    granted(waiting).unsent();
    gate.leave(waiting);
    assertFalse(gone.isComplete());
    sent(gate);
    assertEquals(1, gate.inFlight());
  }

  @Test
  void beyondTheQueueItIsRefusedAtOnce() {
    SharedGate gate = gate(GateSettings.slots(1, 2));
    sent(gate);
    assertEquals(0, gate.closedForMs());
    enterMany(gate, 2);
    assertEquals(1_000, gate.closedForMs());
    GateClosedException refused = refusedAtOnce(gate.enter(1, Long.MAX_VALUE));
    assertEquals(1_000, refused.retryAfterMs());
    assertEquals(
        "upstream=far is busy, and waiting=2 requests are before this one. Try again later.",
        refused.getMessage());
  }

  @Test
  void whoIsRefusedIsToldWhenTheQueueWillHaveMoved() throws Exception {
    SharedGate gate = gate(GateSettings.slots(1, 2));
    Permit held = sent(gate);
    List<Future<Permit>> waiting = enterMany(gate, 2);
    clock.moveMs(4_000);
    held.succeeded(4_000, 1);
    granted(waiting.getFirst());
    enterMany(gate, 1);
    assertEquals(12_000, gate.closedForMs());
    assertEquals(12_000, refusedAtOnce(gate.enter(1, Long.MAX_VALUE)).retryAfterMs());
  }

  @Test
  void aWaiterWhoseTimeIsOverIsRefused() throws Exception {
    SharedGate gate = gate(GateSettings.slots(1, 2));
    Permit held = sent(gate);
    Future<Permit> first = gate.enter(1, Long.MAX_VALUE);
    clock.moveMs(2_000);
    Future<Permit> second = gate.enter(1, Long.MAX_VALUE);
    assertEquals(1, alarm.count());
    assertEquals(5_000, alarm.delayMs());
    clock.moveMs(3_000);
    alarm.ring();
    assertEquals(
        "upstream=far is busy for queueTimeoutMs=5000. Try again later.",
        refused(first).getMessage());
    assertFalse(second.isComplete());
    assertEquals(2_000, alarm.delayMs());
    held.release();
    Permit next = granted(second);
    alarm.ring();
    assertEquals(0, alarm.count());
    next.release();
    sent(gate);
  }

  @Test
  void aWaiterWhoseTimeIsOverIsNotSentWhenTheAlarmIsLate() throws Exception {
    SharedGate gate = gate(GateSettings.slots(1, 2));
    Permit held = sent(gate);
    Future<Permit> late = gate.enter(1, Long.MAX_VALUE);
    clock.moveMs(5_000);
    held.release();
    refused(late);
    sent(gate);
  }

  @Test
  void nobodyWaitsWhereTheQueueHasNoTime() {
    SharedGate gate = gate(GateSettings.slots(1, 5).withQueueTimeoutMs(0));
    sent(gate);
    refusedAtOnce(gate.enter(1, Long.MAX_VALUE));
    assertEquals(0, alarm.count());
  }

  @Test
  void anOpenCircuitRefusesThoseWhoWaitAndThoseWhoCome() throws Exception {
    SharedGate gate = gate(GateSettings.slots(1, 2));
    for (int i = 1; i < Breaker.MIN_RESULTS; i++) {
      sent(gate).failed();
    }
    Permit last = sent(gate);
    List<Future<Permit>> waiting = enterMany(gate, 2);
    last.failed();
    for (Future<Permit> vain : waiting) {
      GateClosedException refused = refused(vain);
      assertEquals(5_001, refused.retryAfterMs());
      assertEquals(
          "upstream=far fails and is left alone for now. Try again later.", refused.getMessage());
    }
    assertEquals(5_001, gate.closedForMs());
    assertEquals(5_001, refusedAtOnce(gate.enter(1, Long.MAX_VALUE)).retryAfterMs());
  }

  @Test
  void onlyTrialsAreSentAfterwards() {
    SharedGate gate = gate(GateSettings.slots(10, 5));
    breakCircuit(gate);
    clock.moveMs(gate.closedForMs());
    assertEquals(0, gate.closedForMs());
    Permit first = sent(gate);
    Permit second = sent(gate);
    sent(gate);
    assertEquals(Breaker.TRIAL_MS, gate.closedForMs());
    assertEquals(Breaker.TRIAL_MS, refusedAtOnce(gate.enter(1, Long.MAX_VALUE)).retryAfterMs());
    first.succeeded(1, 1);
    second.succeeded(1, 1);
    assertEquals(0, gate.closedForMs());
    enterMany(gate, 9).forEach(entered -> assertTrue(entered.succeeded()));
  }

  @Test
  void aTrialThatWaitedInVainMayBeMadeByOthers() throws Exception {
    SharedGate gate = gate(GateSettings.slots(1, 5));
    breakCircuit(gate);
    clock.moveMs(gate.closedForMs());
    Permit trial = sent(gate);
    List<Future<Permit>> waiting = enterMany(gate, 2);
    refusedAtOnce(gate.enter(1, Long.MAX_VALUE));
    clock.moveMs(5_000);
    alarm.ring();
    refused(waiting.get(0));
    refused(waiting.get(1));
    trial.succeeded(1, 1);
    sent(gate).succeeded(1, 1);
    sent(gate);
    assertEquals(0, gate.closedForMs());
    enterMany(gate, 5).forEach(entered -> assertFalse(entered.isComplete()));
  }

  @Test
  void overloadIsNoFailureButSendsThoseWhoWaitElsewhere() throws Exception {
    SharedGate gate = gate(GateSettings.slots(1, 5));
    for (int i = 0; i < 100; i++) {
      sent(gate).overloaded(1);
      clock.moveMs(1);
    }
    Permit last = sent(gate);
    Future<Permit> waiting = gate.enter(1, Long.MAX_VALUE);
    last.overloaded(90_000);
    GateClosedException refused = refused(waiting);
    assertEquals(90_000, refused.retryAfterMs());
    assertEquals("upstream=far has too much to do. Try again later.", refused.getMessage());
    assertEquals(90_000, gate.closedForMs());
    assertEquals(90_000, refusedAtOnce(gate.enter(1, Long.MAX_VALUE)).retryAfterMs());
    clock.moveMs(90_000);
    assertEquals(0, gate.closedForMs());
    sent(gate);
  }

  @Test
  void manyRefusalsTogetherHalveTheWindowOnce() {
    SharedGate gate = gate(GateSettings.slots(64, 0));
    for (Future<Permit> sent : enterMany(gate, 64)) {
      sent.result().overloaded(0);
    }
    assertEquals(1_000, gate.closedForMs());
    clock.moveMs(1_000);
    assertEquals(32, enterMany(gate, 64).stream().filter(Future::succeeded).count());
  }

  @Test
  void silenceHalvesTheWindowAndOtherFailuresDoNot() {
    SharedGate gate = gate(GateSettings.slots(8, 0));
    List<Future<Permit>> sent = enterMany(gate, 8);
    clock.moveMs(GateSettings.SILENT_MS - 1);
    sent.get(0).result().failed();
    assertTrue(gate.enter(1, Long.MAX_VALUE).succeeded());
    clock.moveMs(1);
    sent.get(1).result().failed();
    refusedAtOnce(gate.enter(1, Long.MAX_VALUE));
    for (int i = 2; i < 8; i++) {
      sent.get(i).result().release();
    }
    assertEquals(3, enterMany(gate, 8).stream().filter(Future::succeeded).count());
  }

  @Test
  void theWindowOpensAgainWithSuccess() throws Exception {
    SharedGate gate = gate(GateSettings.slots(2, 10));
    Permit first = sent(gate);
    Permit second = sent(gate);
    first.overloaded(1);
    second.release();
    clock.moveMs(1);
    Permit alone = sent(gate);
    List<Future<Permit>> waiting = enterMany(gate, 2);
    alone.succeeded(1, 1);
    granted(waiting.get(0));
    granted(waiting.get(1));
  }

  @Test
  void requestsAreLimitedByTheMinute() throws Exception {
    SharedGate gate = gate(GateSettings.rates(2, 0));
    sent(gate).succeeded(1, 1);
    sent(gate).overloaded(1);
    clock.moveMs(1);
    assertEquals(29_999, gate.closedForMs());
    GateClosedException refused = refusedAtOnce(gate.enter(1, Long.MAX_VALUE));
    assertEquals(29_999, refused.retryAfterMs());
    assertEquals(
        "upstream=far has had its requestsPerMinute=2. Try again later.", refused.getMessage());
    clock.moveMs(29_999);
    sent(gate);
  }

  @Test
  void tokensAreReservedAndThenCounted() {
    SharedGate gate = gate(GateSettings.rates(0, 600));
    Permit permit = gate.enter(600, Long.MAX_VALUE).result();
    assertEquals(100, gate.closedForMs());
    GateClosedException refused = refusedAtOnce(gate.enter(60, Long.MAX_VALUE));
    assertEquals(6_000, refused.retryAfterMs());
    assertEquals(
        "upstream=far has had its tokensPerMinute=600. Try again later.", refused.getMessage());
    permit.succeeded(1, 540);
    assertTrue(gate.enter(60, Long.MAX_VALUE).succeeded());
    assertFalse(gate.enter(1, Long.MAX_VALUE).succeeded());
  }

  @Test
  void onlyRefusedRequestsUseNoTokens() {
    SharedGate gate = gate(GateSettings.rates(0, 60));
    gate.enter(60, Long.MAX_VALUE).result().overloaded(1);
    clock.moveMs(1);
    gate.enter(30, Long.MAX_VALUE).result().failed();
    gate.enter(30, Long.MAX_VALUE).result().release();
    assertEquals(1_000, gate.closedForMs());
  }

  @Test
  void whoWaitedInVainTookNothingFromTheRates() throws Exception {
    SharedGate gate = gate(new GateSettings(1, 5, 5_000, 3, 1_000));
    Permit held = gate.enter(100, Long.MAX_VALUE).result();
    Future<Permit> waiting = gate.enter(900, Long.MAX_VALUE);
    assertEquals(60, gate.closedForMs());
    held.overloaded(1);
    refused(waiting);
    clock.moveMs(1);
    Permit next = gate.enter(1_000, Long.MAX_VALUE).result();
    next.overloaded(1);
    clock.moveMs(1);
    assertTrue(gate.enter(1_000, Long.MAX_VALUE).succeeded());
    assertEquals(19_998, gate.closedForMs());
  }

  @Test
  void firstAttemptsThatAreSentPayForRepetitions() throws Exception {
    SharedGate gate = gate(GateSettings.slots(1, 20));
    Permit held = sent(gate);
    List<Future<Permit>> waiting = enterMany(gate, 9);
    assertFalse(gate.mayRepeat());
    for (Future<Permit> next : waiting) {
      held.release();
      held = granted(next);
    }
    assertTrue(gate.mayRepeat());
    assertFalse(gate.mayRepeat());
    held.release();
    for (int i = 0; i < 100; i++) {
      gate.enterAgain(1, Long.MAX_VALUE).result().release();
    }
    assertFalse(gate.mayRepeat());
  }

  @Test
  void knowsHowLongAnswersTake() {
    SharedGate gate = gate(GateSettings.slots(1, 0));
    for (int ms = 1; ms < LatencyWindow.ENOUGH; ms++) {
      sent(gate).succeeded(ms, 1);
    }
    sent(gate).failed();
    assertEquals(Long.MAX_VALUE, gate.p95Ms());
    sent(gate).succeeded(20, 1);
    assertEquals(19, gate.p95Ms());
  }

  @Test
  void theRealTimerEndsTheWait() throws Exception {
    var gate =
        new SharedGate(
            GateSettings.slots(1, 1).withQueueTimeoutMs(1).upstream(),
            vertx,
            System::nanoTime,
            FixedRandom.MOST);
    sent(gate);
    refused(gate.enter(1, Long.MAX_VALUE));
  }

  @Test
  void refusalsDoNotNameTheKey() {
    var refusals = new CopyOnWriteArrayList<GateClosedException>();
    SharedGate crowded = gate(GateSettings.slots(1, 0));
    sent(crowded);
    refusals.add(refusedAtOnce(crowded.enter(1, Long.MAX_VALUE)));
    SharedGate broken = gate(GateSettings.slots(1, 0));
    breakCircuit(broken);
    refusals.add(refusedAtOnce(broken.enter(1, Long.MAX_VALUE)));
    for (GateClosedException refusal : refusals) {
      assertTrue(refusal.getMessage().startsWith("upstream=far "));
      assertFalse(refusal.getMessage().contains("sk-"));
    }
  }
}
