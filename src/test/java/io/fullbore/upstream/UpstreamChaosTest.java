package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.Eventually;
import io.fullbore.stub.Fault;
import io.fullbore.stub.Fault.Kind;
import io.fullbore.stub.Latency;
import io.fullbore.stub.Pace;
import io.fullbore.stub.StubBehaviour;
import io.fullbore.stub.StubUpstream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Many calls at once at an upstream that fails in every way, of which some are taken back at any
 * time: each ends once or was taken back, and each permit is used once.
 */
@Timeout(60)
class UpstreamChaosTest {
  private static final int CALLS = 600;
  private static final String BODY = "{\"model\":\"a\",\"stream\":%s,\"messages\":[]}";
  private static final List<Kind> KINDS =
      Arrays.stream(Kind.values()).filter(kind -> kind != Kind.ENDLESS).toList();

  private final ClientRig rig = new ClientRig();
  private final Random random = new Random(11);

  @AfterEach
  void stop() throws Exception {
    rig.close();
  }

  private StubBehaviour behaviour() {
    Pace pace = Pace.INSTANT.withLatency(Latency.fixed(random.nextInt(20)));
    if (random.nextInt(3) == 0) {
      return StubBehaviour.PLAIN.with(pace);
    }
    Fault fault =
        Fault.of(KINDS.get(random.nextInt(KINDS.size())))
            .withAfterPieces(random.nextInt(4))
            .withStatus(List.of(400, 401, 408, 429, 500, 503).get(random.nextInt(6)));
    return StubBehaviour.PLAIN.with(pace).with(fault);
  }

  private void cancelLater(CallLog log, Set<CallLog> cancelled) throws Exception {
    int ms = random.nextInt(40);
    rig.runOnLoop(
        () ->
            rig.vertx.setTimer(
                1 + ms,
                ignored -> {
                  synchronized (cancelled) {
                    if (!log.ended()) {
                      cancelled.add(log);
                    }
                  }
                  log.call().cancel();
                }));
  }

  @Test
  void everyCallEndsOnceAndEveryPermitIsUsedOnce() throws Exception {
    StubUpstream stub = StubUpstream.start(rig.vertx, StubBehaviour.PLAIN);
    var settings = new Settings(stub.url() + "/v1");
    settings.maxRetries = 2;
    settings.hedge = true;
    settings.firstTokenTimeoutMs = 60;
    settings.idleTimeoutMs = 60;
    rig.gate.p95Ms(15);
    UpstreamClient client = rig.client(settings);
    for (int i = 0; i < 3 * CALLS; i++) {
      stub.next(behaviour());
    }

    List<CallLog> logs = new ArrayList<>();
    Set<CallLog> cancelled = new HashSet<>();
    for (int i = 0; i < CALLS; i++) {
      CallLog log = rig.ask(client, Calls.chat(BODY.formatted(random.nextBoolean())));
      logs.add(log);
      if (random.nextInt(4) == 0) {
        cancelLater(log, cancelled);
      }
      if (i % 40 == 0) {
        Eventually.await(() -> ended(log, cancelled));
      }
    }
    for (CallLog log : logs) {
      Eventually.await(() -> ended(log, cancelled));
      if (log.ended()) {
        assertEquals(1, log.endCount());
      }
    }
    Eventually.await(() -> !rig.gate.outcomes().contains(null));
    List<String> twice =
        rig.gate.outcomes().stream()
            .map(String::valueOf)
            .filter(outcome -> outcome.contains("then"))
            .toList();
    assertEquals(List.of(), twice);
    assertTrue(cancelled.size() > CALLS / 20, () -> "cancelled: " + cancelled.size());
    Eventually.await(() -> stub.counts().concurrent() == 0);
  }

  private static boolean ended(CallLog log, Set<CallLog> cancelled) {
    synchronized (cancelled) {
      return log.ended() || cancelled.contains(log);
    }
  }
}
