package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.upstream.UpstreamGate.Permit;
import io.vertx.core.Future;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a gate does where an upstream takes longer and longer. */
class SharedGateOverloadTest extends GateFixture {
  @Test
  void whoWouldGetTheUsualAnswerTooLateIsNotKeptWaiting() throws Exception {
    SharedGate gate = gate(GateSettings.slots(1, 9));
    Permit held = sent(gate);
    List<Future<Permit>> waiting = enterMany(gate, 1);
    clock.moveMs(4_000);
    held.succeeded(4_000, 1);
    granted(waiting.getFirst());
    refusedAtOnce(gate.enter(1, 8_999)); // a turn in 4 s, and up to 5 s for the answer
    assertFalse(gate.enter(1, 9_000).isComplete());
    refusedAtOnce(gate.enter(1, 9_000));
  }

  @Test
  void callersWhoLeaveUnansweredSayThatTheUpstreamHasTooMuchToDo() {
    SharedGate gate = gate(GateSettings.slots(8, 0));
    sent(gate).succeeded(1_000, 1);
    List<Future<Permit>> sent = enterMany(gate, 8);
    clock.moveMs(1_250);
    sent.getFirst().result().unanswered();
    assertTrue(gate.enter(1, Long.MAX_VALUE).succeeded());
    clock.moveMs(1);
    sent.get(1).result().unanswered();
    for (Future<Permit> other : sent.subList(2, 6)) {
      refusedAtOnce(gate.enter(1, Long.MAX_VALUE));
      other.result().release();
    }
    assertTrue(gate.enter(1, Long.MAX_VALUE).succeeded());
  }
}
