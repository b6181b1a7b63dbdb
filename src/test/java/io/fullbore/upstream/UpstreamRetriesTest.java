package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.Eventually;
import io.fullbore.core.Failure;
import io.fullbore.stub.Fault;
import io.fullbore.stub.Fault.Kind;
import io.fullbore.stub.Latency;
import io.fullbore.stub.Pace;
import io.fullbore.stub.StubBehaviour;
import io.fullbore.stub.StubUpstream;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When an upstream is asked more than once, and how often. */
@Timeout(60)
class UpstreamRetriesTest {
  private static final String BODY = "{\"model\":\"a\",\"stream\":%s,\"messages\":[]}";
  private static final ForwardedCall STREAM = Calls.chat(BODY.formatted(true));
  private static final ForwardedCall WHOLE = Calls.chat(BODY.formatted(false));
  private static final StubBehaviour FAILED = StubBehaviour.of(Fault.status(500));

  private final ClientRig rig = new ClientRig();
  private StubUpstream stub;

  @BeforeEach
  void start() throws Exception {
    stub = StubUpstream.start(rig.vertx, StubBehaviour.PLAIN);
  }

  @AfterEach
  void stop() throws Exception {
    rig.close();
  }

  private Settings settings() {
    var settings = new Settings(stub.url() + "/v1");
    settings.maxRetries = 2;
    return settings;
  }

  private CallLog ask(ForwardedCall call) throws Exception {
    return rig.ask(rig.client(settings()), call);
  }

  private int requestCount() {
    return stub.counts().requests();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aRepetitionMayAnswer(boolean stream) throws Exception {
    stub.next(StubBehaviour.of(Fault.of(Kind.RESET)), StubBehaviour.of(Fault.status(429)));
    ask(stream ? STREAM : WHOLE).awaitEnd();
    Eventually.await(() -> !rig.gate.outcomes().contains(null));
    assertEquals(List.of("failed", "overloaded 0"), rig.gate.outcomes().subList(0, 2));
    assertEquals(3, rig.gate.outcomes().size());
    assertEquals(1, rig.gate.firstCount());
    assertEquals(2, rig.gate.againCount());
    assertEquals(stub.requests().getFirst().body(), stub.requests().getLast().body());
  }

  @ParameterizedTest
  @ValueSource(strings = {"CUT", "NO_END", "BAD_JSON", "ERROR_EVENT", "HALF_PIECE"})
  void anAnswerThatBreaksBeforeItsFirstPieceIsRepeated(Kind kind) throws Exception {
    stub.next(StubBehaviour.of(Fault.of(kind).withAfterPieces(0)));
    ask(WHOLE).awaitEnd();
    assertEquals(2, requestCount());
  }

  @ParameterizedTest
  @ValueSource(strings = {"CUT", "BAD_JSON", "ERROR_EVENT", "HALF_PIECE"})
  void anAnswerOfWhichAPieceCameIsNotRepeated(Kind kind) throws Exception {
    stub.next(StubBehaviour.of(Fault.of(kind).withAfterPieces(1)));
    CallLog log = ask(STREAM);
    assertFalse(log.awaitFailure().elsewhere());
    assertEquals(1, log.pieceCount());
    assertEquals(1, requestCount());
  }

  @Test
  void repetitionsAreBounded() throws Exception {
    stub.always(FAILED);
    assertTrue(ask(STREAM).awaitFailure().elsewhere());
    assertEquals(3, requestCount());
    rig.awaitOutcomes("failed", "failed", "failed");
  }

  @Test
  void withoutBudgetNothingIsRepeated() throws Exception {
    stub.always(FAILED);
    rig.gate.allowRepeats(1);
    ask(STREAM).awaitFailure();
    assertEquals(2, requestCount());
    ask(STREAM).awaitFailure();
    assertEquals(3, requestCount());
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 404, 422})
  void whatRepeatingCannotMendIsNotRepeated(int status) throws Exception {
    stub.always(StubBehaviour.of(Fault.status(status)));
    ask(STREAM).awaitFailure();
    assertEquals(1, requestCount());
  }

  @Test
  void anUpstreamMayForbidRepetitions() throws Exception {
    var count = new AtomicInteger();
    String url =
        rig.serve(
            request -> {
              count.incrementAndGet();
              request.response().setStatusCode(500).putHeader("x-should-retry", "false").end();
            });
    var settings = new Settings(url);
    settings.maxRetries = 2;
    assertTrue(rig.ask(rig.client(settings), STREAM).awaitFailure().elsewhere());
    assertEquals(1, count.get());
  }

  @Test
  void aShortRetryAfterIsWaitedFor() throws Exception {
    List<Long> arrivals = new CopyOnWriteArrayList<>();
    String url =
        rig.serve(
            request -> {
              arrivals.add(System.nanoTime());
              if (arrivals.size() == 1) {
                request.response().setStatusCode(429).putHeader("retry-after-ms", "200").end();
              } else {
                request.response().end("{\"choices\":[]}");
              }
            });
    var settings = new Settings(url);
    settings.maxRetries = 1;
    rig.ask(rig.client(settings), WHOLE).awaitEnd();
    long between = arrivals.get(1) - arrivals.get(0);
    assertTrue(between >= 190_000_000, () -> "nanos between the requests: " + between);
  }

  @Test
  void aLongRetryAfterIsForSomebodyElse() throws Exception {
    stub.next(StubBehaviour.of(Fault.status(503).withRetryAfter("3")));
    CallLog log = ask(STREAM);
    assertEquals(3_000, log.awaitFailure(Failure.Overloaded.class).retryAfterMs());
    assertTrue(log.awaitFailure().elsewhere());
    assertEquals(1, requestCount());
    rig.gate.closedForMs(2_500);
    stub.next(FAILED);
    ask(STREAM).awaitFailure();
    assertEquals(2, requestCount());
  }

  @Test
  void theFirstFailureIsToldWhereTheGateClosesMeanwhile() throws Exception {
    stub.next(StubBehaviour.of(Fault.status(429).withRetryAfter("0.2")));
    CallLog log = ask(STREAM);
    Eventually.await(() -> rig.gate.outcomes().contains("overloaded 200"));
    rig.gate.close("upstream=up is closed.", 9_000);
    assertEquals(200, log.awaitFailure(Failure.Overloaded.class).retryAfterMs());
  }

  @Test
  void anotherTargetOfTheSameUpstreamIsARepetition() throws Exception {
    stub.next(StubBehaviour.of(Fault.status(500)));
    Settings settings = settings();
    settings.maxRetries = 0;
    UpstreamClient client = rig.client(settings);
    var attempts = new Attempts();
    rig.ask(client, STREAM, attempts, new CallLog()).awaitFailure();
    rig.ask(client, STREAM, attempts, new CallLog()).awaitEnd();
    assertEquals(1, rig.gate.firstCount());
    assertEquals(1, rig.gate.againCount());
    rig.gate.allowRepeats(0);
    CallLog refused = rig.ask(client, STREAM, attempts, new CallLog());
    assertTrue(refused.awaitFailure().elsewhere());
    assertEquals(2, requestCount());
  }

  @Test
  void aRequestThatWasNotSentIsNoAttempt() throws Exception {
    UpstreamClient client = rig.client(settings());
    var attempts = new Attempts();
    rig.gate.close("upstream=up is closed.", 1);
    rig.ask(client, STREAM, attempts, new CallLog()).awaitFailure();
    rig.ask(client, STREAM, attempts, new CallLog()).awaitFailure();
    assertEquals(2, rig.gate.firstCount());
  }

  /** A server may close a connection that waits for its next request just when that comes. */
  @Test
  void aConnectionThatTheServerClosedIsReplaced() throws Exception {
    UpstreamClient client = rig.client(settings());
    rig.ask(client, STREAM).awaitEnd();
    stub.next(StubBehaviour.of(Fault.of(Kind.RESET)));
    rig.ask(client, STREAM).awaitEnd();
    assertEquals(3, requestCount());
    assertEquals(1, rig.gate.againCount());
  }

  @Test
  void repetitionsAreATenthOfAllRequests() throws Exception {
    stub.always(FAILED);
    var budget = new RetryBudget();
    rig.gate.budget(budget);
    askOneAfterTheOther(rig.client(settings()), 1_000);
    int requests = requestCount();
    assertTrue(requests > 1_000 && requests <= 1_100, () -> "requests=" + requests);
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 503})
  void aDeadUpstreamIsLeftAlone(int status) throws Exception {
    stub.always(StubBehaviour.of(Fault.status(status)));
    Settings settings = settings();
    var gate =
        new SharedGate(settings.build(), rig.vertx, System::nanoTime, new SplittableRandom(1));
    askOneAfterTheOther(rig.client(settings, gate), 1_000);
    int requests = requestCount();
    assertTrue(requests <= 1_100, () -> "requests=" + requests);
    Eventually.await(() -> gate.inFlight() == 0);
  }

  private void askOneAfterTheOther(UpstreamClient client, int count) throws Exception {
    List<CallLog> logs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      logs.add(rig.ask(client, STREAM));
      if (i % 20 == 0) {
        logs.getLast().awaitFailure();
      }
    }
    for (CallLog log : logs) {
      log.awaitFailure();
    }
  }

  private Settings hedging() {
    Settings settings = settings();
    settings.hedge = true;
    return settings;
  }

  private static StubBehaviour slow() {
    return StubBehaviour.PLAIN.with(Pace.INSTANT.withLatency(Latency.fixed(20_000)));
  }

  @Test
  void aSlowWholeAnswerIsAskedForOnceMore() throws Exception {
    rig.gate.p95Ms(20);
    stub.next(slow());
    CallLog log = rig.ask(rig.client(hedging()), WHOLE);
    log.awaitEnd();
    assertEquals(1, log.pieceCount());
    assertEquals(2, requestCount());
    Eventually.await(() -> !rig.gate.outcomes().contains(null));
    assertEquals("released", rig.gate.outcomes().getFirst());
    assertTrue(String.valueOf(rig.gate.outcomes().getLast()).startsWith("succeeded"));
    Eventually.await(() -> stub.requests().getFirst().closedEarly());
  }

  @Test
  void theFirstAnswerMayWinAllTheSame() throws Exception {
    rig.gate.p95Ms(20);
    stub.next(StubBehaviour.PLAIN.with(Pace.INSTANT.withLatency(Latency.fixed(200))), slow());
    CallLog log = rig.ask(rig.client(hedging()), WHOLE);
    log.awaitEnd();
    assertEquals(1, log.pieceCount());
    Eventually.await(() -> !rig.gate.outcomes().contains(null));
    assertEquals("released", rig.gate.outcomes().getLast());
    Eventually.await(() -> stub.requests().getLast().closedEarly());
  }

  @Test
  void oneThatFailsLeavesTheOther() throws Exception {
    rig.gate.p95Ms(20);
    stub.next(StubBehaviour.PLAIN.with(Pace.INSTANT.withLatency(Latency.fixed(200))), FAILED);
    rig.ask(rig.client(hedging()), WHOLE).awaitEnd();
    assertEquals(2, requestCount());
    assertEquals("failed", rig.gate.outcomes().getLast());
  }

  @Test
  void nothingIsHedgedWithoutLeave() throws Exception {
    rig.gate.p95Ms(1);
    var late = StubBehaviour.PLAIN.with(Pace.INSTANT.withLatency(Latency.fixed(100)));
    stub.always(late);
    rig.ask(rig.client(settings()), WHOLE).awaitEnd();
    UpstreamClient client = rig.client(hedging());
    rig.ask(client, STREAM).awaitEnd();
    rig.gate.allowRepeats(0);
    rig.ask(client, WHOLE).awaitEnd();
    assertEquals(3, requestCount());
    rig.gate.allowRepeats(9);
    rig.gate.queueRepeats();
    rig.ask(client, WHOLE).awaitEnd();
    assertEquals(4, requestCount());
    assertEquals(0, rig.gate.waitingCount());
    assertFalse(rig.gate.outcomes().contains("unsent"));
  }
}
