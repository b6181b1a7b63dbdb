package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.Eventually;
import io.fullbore.core.Usage;
import io.fullbore.stub.AnswerShape;
import io.fullbore.stub.Fault;
import io.fullbore.stub.Fault.Kind;
import io.fullbore.stub.Latency;
import io.fullbore.stub.Pace;
import io.fullbore.stub.StubBehaviour;
import io.fullbore.stub.StubUpstream;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A call that is taken back, in each of its states, and one whose reader is slow. */
@Timeout(30)
class UpstreamCancelTest {
  private static final String BODY = "{\"model\":\"a\",\"stream\":%s,\"messages\":[]}";
  private static final ForwardedCall STREAM = Calls.chat(BODY.formatted(true));
  private static final ForwardedCall WHOLE = Calls.chat(BODY.formatted(false));

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
    return new Settings(stub.url() + "/v1");
  }

  private CallLog ask(ForwardedCall call, Kind kind) throws Exception {
    stub.always(StubBehaviour.of(Fault.of(kind)));
    return rig.ask(rig.client(settings()), call);
  }

  private void cancel(CallLog log) throws Exception {
    rig.runOnLoop(() -> log.call().cancel());
  }

  /** After another call has come and gone, whatever was still to come has come too. */
  private void assertNothingFollows(CallLog log) throws Exception {
    int pieces = log.pieceCount();
    stub.always(StubBehaviour.PLAIN);
    rig.ask(rig.client(settings()), STREAM).awaitEnd();
    assertFalse(log.ended());
    assertEquals(pieces, log.pieceCount());
    rig.runOnLoop(() -> log.call().cancel());
  }

  private void awaitClosed() throws Exception {
    Eventually.await(() -> stub.requests().getLast().closedEarly(), 5_000);
  }

  @Test
  void beforeItWasSent() throws Exception {
    UpstreamClient client = rig.client(settings());
    var log = new CallLog();
    rig.runOnLoop(
        () -> {
          log.call = client.call(STREAM, Settings.MODEL, 1, Long.MAX_VALUE, new Attempts(), log);
          log.call().cancel();
        });
    assertNothingFollows(log);
    assertEquals(1, rig.gate.firstCount());
    assertEquals(1, stub.counts().requests());
  }

  @Test
  void waitingAtTheGate() throws Exception {
    rig.gate.queue();
    CallLog log = rig.ask(rig.client(settings()), STREAM);
    Eventually.await(() -> rig.gate.waitingCount() == 1);
    cancel(log);
    assertEquals(0, rig.gate.waitingCount());
    rig.gate.admitAll();
    rig.awaitOutcomes();
    assertNothingFollows(log);
    assertEquals(1, stub.counts().requests());
  }

  @Test
  void whoLeavesTheQueueMakesRoomForOthers() throws Exception {
    stub.always(StubBehaviour.of(Fault.of(Kind.SILENT)));
    var gate =
        new SharedGate(
            GateSettings.slots(1, 1).upstream(),
            rig.vertx,
            System::nanoTime,
            new SplittableRandom(1));
    UpstreamClient client = rig.client(settings(), gate);
    CallLog sent = rig.ask(client, STREAM);
    Eventually.await(() -> !stub.requests().isEmpty());
    CallLog gone = rig.ask(client, STREAM);
    cancel(gone);
    CallLog next = rig.ask(client, STREAM);
    stub.always(StubBehaviour.PLAIN);
    cancel(sent);
    next.awaitEnd();
    assertEquals(2, stub.counts().requests());
    Eventually.await(() -> gate.inFlight() == 0);
  }

  @Test
  void connecting() throws Exception {
    try (var deaf = new ServerSocket(0, 1);
        var first = new Socket(deaf.getInetAddress(), deaf.getLocalPort());
        var second = new Socket(deaf.getInetAddress(), deaf.getLocalPort())) {
      assertTrue(first.isConnected() && second.isConnected()); // and nobody else fits in
      CallLog log =
          rig.ask(rig.client(new Settings("http://127.0.0.1:" + deaf.getLocalPort())), STREAM);
      Eventually.await(() -> rig.gate.outcomes().size() == 1);
      cancel(log);
      rig.awaitOutcomes("unanswered");
      assertNothingFollows(log);
    }
  }

  @Test
  void withoutAnAnswer() throws Exception {
    CallLog log = ask(STREAM, Kind.SILENT);
    Eventually.await(() -> stub.counts().concurrent() == 1);
    cancel(log);
    awaitClosed();
    rig.awaitOutcomes("unanswered");
    assertNothingFollows(log);
  }

  @Test
  void amidAStream() throws Exception {
    CallLog log = ask(STREAM, Kind.STALL);
    Eventually.await(() -> log.pieceCount() == 2);
    cancel(log);
    awaitClosed();
    rig.awaitOutcomes("released");
    assertNothingFollows(log);
    Usage used = rig.await(() -> log.call().used());
    assertTrue(used.promptTokens() > 0 && used.completionTokens() > 0, used::toString);
  }

  @Test
  void amidAStreamThatIsPaused() throws Exception {
    stub.always(StubBehaviour.of(Fault.of(Kind.ENDLESS)));
    var log = new CallLog();
    log.onPiece(piece -> log.call().pause());
    rig.ask(rig.client(settings()), STREAM, new Attempts(), log);
    Eventually.await(() -> log.pieceCount() > 0);
    cancel(log);
    awaitClosed();
    rig.awaitOutcomes("released");
    assertNothingFollows(log);
  }

  @Test
  void fromWithinAPiece() throws Exception {
    stub.always(StubBehaviour.PLAIN.with(AnswerShape.PLAIN.withTokens(1_000)));
    var log = new CallLog();
    log.onPiece(
        piece -> {
          if (log.pieceCount() == 3) {
            log.call().cancel();
          }
        });
    rig.ask(rig.client(settings()), STREAM, new Attempts(), log);
    Eventually.await(() -> log.pieceCount() == 3);
    rig.awaitOutcomes("released");
    assertNothingFollows(log);
  }

  @Test
  void fromWithinAWholeAnswer() throws Exception {
    var log = new CallLog();
    log.onPiece(piece -> log.call().cancel());
    rig.ask(rig.client(settings()), WHOLE, new Attempts(), log);
    Eventually.await(() -> log.pieceCount() == 1);
    rig.awaitOutcomes("released");
    assertNothingFollows(log);
  }

  @Test
  void amidAWholeAnswer() throws Exception {
    CallLog log = ask(WHOLE, Kind.STALL);
    Eventually.await(() -> stub.counts().concurrent() == 1);
    cancel(log);
    awaitClosed();
    assertEquals(new Usage(0, 0, 0), rig.await(() -> log.call().used()));
    assertNothingFollows(log);
  }

  @Test
  void waitingToBeRepeated() throws Exception {
    stub.next(StubBehaviour.of(Fault.status(429).withRetryAfter("0.2")));
    Settings settings = settings();
    settings.maxRetries = 1;
    UpstreamClient client = rig.client(settings);
    CallLog log = rig.ask(client, STREAM);
    rig.awaitOutcomes("overloaded 200");
    cancel(log);
    stub.next(StubBehaviour.of(Fault.status(429).withRetryAfter("0.2")));
    rig.ask(client, STREAM).awaitEnd(); // waits longer than the cancelled one would have
    assertEquals(3, stub.counts().requests());
    assertFalse(log.ended());
  }

  @Test
  void askedForTwice() throws Exception {
    stub.always(StubBehaviour.PLAIN.with(Pace.INSTANT.withLatency(Latency.fixed(20_000))));
    rig.gate.p95Ms(1);
    Settings settings = settings();
    settings.hedge = true;
    CallLog log = rig.ask(rig.client(settings), WHOLE);
    Eventually.await(() -> stub.counts().concurrent() == 2);
    cancel(log);
    Eventually.await(() -> stub.counts().closedEarly() == 2);
    rig.awaitOutcomes("unanswered", "unanswered");
    assertNothingFollows(log);
  }

  @Test
  void afterItsEnd() throws Exception {
    CallLog log = rig.ask(rig.client(settings()), STREAM);
    Usage usage = log.awaitEnd();
    cancel(log);
    rig.runOnLoop(() -> log.call().pause());
    rig.runOnLoop(() -> log.call().resume());
    assertEquals(usage, rig.await(() -> log.call().used()));
    assertEquals(usage, log.awaitEnd());
  }

  /** Writes until the connection takes no more, and goes on when it does again. */
  private static void write(HttpServerResponse response, AtomicInteger full) {
    Buffer event =
        Buffer.buffer("data: {\"choices\":[],\"x\":\"%s\"}\n\n".formatted("a".repeat(8 << 10)));
    while (!response.writeQueueFull()) {
      response.write(event.copy());
    }
    full.incrementAndGet();
    response.drainHandler(ignored -> write(response, full));
  }

  @Test
  void aSlowReaderHoldsTheUpstreamBack() throws Exception {
    var full = new AtomicInteger();
    String url = rig.serve(request -> write(request.response().setChunked(true), full));
    var settings = new Settings(url);
    settings.idleTimeoutMs = 100;
    UpstreamClient client = rig.client(settings);
    var log = new CallLog();
    log.onPiece(piece -> log.call().pause());
    rig.ask(client, STREAM, new Attempts(), log);
    Eventually.await(() -> log.pieceCount() > 0);

    // as long as another call takes to find its upstream silent, twice
    for (int i = 0; i < 2; i++) {
      Settings stalled = settings();
      stalled.idleTimeoutMs = 100;
      stub.next(StubBehaviour.of(Fault.of(Kind.STALL)));
      rig.ask(rig.client(stalled), STREAM).awaitFailure();
    }
    assertFalse(log.ended());
    int pieces = log.pieceCount();
    int times = full.get();
    assertTrue(times > 0);
    assertTrue(pieces < 100, () -> "pieces read ahead: " + pieces);

    log.onPiece(piece -> {});
    rig.runOnLoop(() -> log.call().resume());
    Eventually.await(() -> full.get() > times + 10);
    assertTrue(log.pieceCount() > pieces);
    cancel(log);
  }
}
