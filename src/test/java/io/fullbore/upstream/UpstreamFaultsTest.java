package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.Eventually;
import io.fullbore.config.UpstreamConfig.Header;
import io.fullbore.core.Failure;
import io.fullbore.core.Usage;
import io.fullbore.stub.AnswerShape;
import io.fullbore.stub.Fault;
import io.fullbore.stub.Fault.Kind;
import io.fullbore.stub.StubBehaviour;
import io.fullbore.stub.StubUpstream;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.net.ServerSocket;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of one attempt at an upstream that fails. */
@Timeout(30)
class UpstreamFaultsTest {
  private static final String BODY = "{\"model\":\"a\",\"stream\":%s,\"messages\":[]}";
  private static final ForwardedCall STREAM = Calls.chat(BODY.formatted(true));
  private static final ForwardedCall WHOLE = Calls.chat(BODY.formatted(false));
  private static final Usage NOTHING = new Usage(0, 0, 0);

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

  private static ForwardedCall call(boolean stream) {
    return stream ? STREAM : WHOLE;
  }

  private Settings impatient() {
    var settings = new Settings(stub.url() + "/v1");
    settings.firstTokenTimeoutMs = 60;
    settings.idleTimeoutMs = 60;
    return settings;
  }

  private CallLog ask(Fault fault, boolean stream, Settings settings) throws Exception {
    stub.always(StubBehaviour.of(fault));
    return rig.ask(rig.client(settings), call(stream));
  }

  private CallLog ask(Fault fault, boolean stream) throws Exception {
    return ask(fault, stream, new Settings(stub.url() + "/v1"));
  }

  private static void assertMessage(String part, UpstreamFailure failure) {
    assertTrue(failure.failure().message().contains(part), failure::toString);
    assertTrue(failure.failure().message().contains("'up'"), failure::toString);
  }

  /** The answer was on its way: nobody else can go on with it, and what came is counted. */
  private static void assertBrokenOff(String part, CallLog log) throws Exception {
    UpstreamFailure failure = log.awaitFailure();
    assertMessage(part, failure);
    assertFalse(failure.elsewhere());
    assertEquals(2, log.pieceCount());
    Usage usage = log.usage();
    assertTrue(usage != null && usage.promptTokens() > 0 && usage.completionTokens() > 0);
  }

  /** There was no answer: somebody else may have one. */
  private static void assertNothing(String part, CallLog log) throws Exception {
    UpstreamFailure failure = log.awaitFailure();
    assertMessage(part, failure);
    assertTrue(failure.elsewhere());
    assertEquals(0, log.pieceCount());
    assertEquals(NOTHING, log.usage());
  }

  @ParameterizedTest
  @EnumSource(names = {"CUT", "NO_END", "HALF_PIECE"})
  void aCutStreamIsNoEnd(Kind kind) throws Exception {
    CallLog log = ask(Fault.of(kind).withAfterPieces(2), true);
    assertMessage("cut its answer", log.awaitFailure());
    assertFalse(log.awaitFailure().elsewhere());
    assertTrue(log.pieceCount() >= 2);
    rig.awaitOutcomes("failed");
  }

  @Test
  void whatCameBeforeACutIsCounted() throws Exception {
    assertBrokenOff("cut its answer", ask(Fault.of(Kind.CUT), true));
  }

  @ParameterizedTest
  @EnumSource(names = {"CUT", "NO_END"})
  void aStreamThatIsCutBeforeItsFirstPieceIsNoAnswer(Kind kind) throws Exception {
    stub.always(
        StubBehaviour.of(Fault.of(kind).withAfterPieces(0)).with(AnswerShape.PLAIN.withTokens(0)));
    CallLog log =
        rig.ask(
            rig.client(new Settings(stub.url() + "/v1")),
            Calls.text("{\"model\":\"a\",\"prompt\":\"\",\"stream\":true}"));
    assertNothing("cut its answer", log);
    rig.awaitOutcomes("failed");
  }

  @ParameterizedTest
  @EnumSource(names = {"CUT", "HALF_PIECE", "BAD_JSON", "NO_END", "ERROR_EVENT"})
  void aSpoiltWholeAnswerIsNone(Kind kind) throws Exception {
    String part =
        switch (kind) {
          case CUT -> "cut its answer";
          case ERROR_EVENT -> "The stub gave up.";
          case NO_END -> "no JSON object";
          default -> "malformed JSON";
        };
    // a whole answer without its ending is an empty body
    assertNothing(part, ask(Fault.of(kind).withAfterPieces(1), false));
    rig.awaitOutcomes("failed");
  }

  @Test
  void malformedDataIsNotPassedOn() throws Exception {
    assertBrokenOff("malformed JSON", ask(Fault.of(Kind.BAD_JSON), true));
    rig.awaitOutcomes("failed");
  }

  @Test
  void anErrorAmidAStreamIsItsEnd() throws Exception {
    assertBrokenOff("The stub gave up.", ask(Fault.of(Kind.ERROR_EVENT), true));
    assertNothing("The stub gave up.", ask(Fault.of(Kind.ERROR_EVENT).withAfterPieces(0), true));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void silenceEndsWithTheTimeForTheFirstToken(boolean stream) throws Exception {
    CallLog log = ask(Fault.of(Kind.SILENT), stream, impatient());
    assertNothing("did not answer in 60 ms", log);
    log.awaitFailure(Failure.TimedOut.class);
    rig.awaitOutcomes("failed");
    Eventually.await(() -> stub.requests().getLast().closedEarly());
  }

  @Test
  void aHeadIsNoFirstPieceOfAStream() throws Exception {
    assertNothing("did not answer in 60 ms", ask(Fault.of(Kind.HEAD_ONLY), true, impatient()));
  }

  @Test
  void aHeadIsTheBeginningOfAWholeAnswer() throws Exception {
    assertNothing("fell silent", ask(Fault.of(Kind.HEAD_ONLY), false, impatient()));
  }

  @Test
  void anAnswerThatStallsEndsWithTheIdleTime() throws Exception {
    assertBrokenOff(
        "fell silent amid its answer for 60 ms", ask(Fault.of(Kind.STALL), true, impatient()));
    assertNothing("fell silent", ask(Fault.of(Kind.STALL).withAfterPieces(1), false, impatient()));
    rig.awaitOutcomes("failed", "failed");
  }

  /** Bytes come, but no event is ever complete. */
  @Test
  void aTrickleIsSilence() throws Exception {
    assertNothing(
        "did not answer in 60 ms", ask(Fault.of(Kind.TRICKLE).withEveryMs(10), true, impatient()));
  }

  @Test
  void aSlowStreamIsNotSilent() throws Exception {
    Settings settings = impatient();
    settings.firstTokenTimeoutMs = 20_000;
    settings.idleTimeoutMs = 20_000;
    stub.always(
        StubBehaviour.of(Fault.of(Kind.TRICKLE).withEveryMs(1))
            .with(AnswerShape.PLAIN.withTokens(1)));
    rig.ask(rig.client(settings), STREAM).awaitEnd();
  }

  @Test
  void aResetIsNoAnswer() throws Exception {
    assertNothing("closed the connection without an answer", ask(Fault.of(Kind.RESET), true));
    rig.awaitOutcomes("failed");
  }

  @Test
  void nobodyThereIsNoAnswer() throws Exception {
    stub.close();
    assertNothing("could not be reached", ask(Fault.of(Kind.RESET), true));
    rig.awaitOutcomes("failed");
  }

  /** The queue of a socket that nobody accepts from is full at some point. */
  @Test
  void aConnectionThatIsNeverMadeIsNoAnswer() throws Exception {
    try (var deaf = new ServerSocket(0, 1)) {
      var settings = new Settings("http://127.0.0.1:" + deaf.getLocalPort());
      settings.connectTimeoutMs = 100;
      settings.firstTokenTimeoutMs = 100;
      UpstreamClient client = rig.client(settings);
      for (int i = 0; i < 4; i++) {
        rig.ask(client, STREAM).awaitFailure();
      }
      assertNothing("could not be reached", rig.ask(client, STREAM));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "400, released, false",
    "404, released, true",
    "413, released, false",
    "422, released, false",
    "418, released, false"
  })
  void aRefusalIsQuoted(int status, String outcome, boolean elsewhere) throws Exception {
    CallLog log = ask(Fault.status(status).withCode("some_code"), true);
    assertEquals(
        new UpstreamFailure(
            new Failure.UpstreamRejected(
                status, "The stub was told to fail.", "invalid_request_error", null, "some_code"),
            elsewhere),
        log.awaitFailure());
    rig.awaitOutcomes(outcome);
  }

  @ParameterizedTest
  @CsvSource({"401, failed", "402, failed", "403, released", "302, failed"})
  void ourOwnFaultsAreNotQuoted(int status, String outcome) throws Exception {
    assertNothing("does not serve this gateway", ask(Fault.status(status), true));
    rig.awaitOutcomes(outcome);
  }

  @Test
  void spentCreditIsOurOwnFault() throws Exception {
    assertNothing(
        "does not serve this gateway", ask(Fault.status(429).withCode("insufficient_quota"), true));
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 409, 500, 502, 504})
  void aFailureIsNotQuoted(int status) throws Exception {
    assertNothing("failed with status " + status, ask(Fault.status(status), false));
    rig.awaitOutcomes("failed");
  }

  @Test
  void aPageOfHtmlIsNotQuoted() throws Exception {
    assertNothing("failed with status 502", ask(Fault.of(Kind.HTML_PAGE).withStatus(502), true));
    CallLog refused = ask(Fault.of(Kind.HTML_PAGE).withStatus(400), true);
    assertEquals(
        "The upstream 'up' rejected the request with status 400.",
        refused.awaitFailure(Failure.UpstreamRejected.class).message());
  }

  @ParameterizedTest
  @CsvSource({"429, 3, 3000", "503, 3, 3000", "529, 0.5, 500", "429, nonsense, 0"})
  void tooMuchToDoIsNoFailure(int status, String retryAfter, long ms) throws Exception {
    CallLog log = ask(Fault.status(status).withRetryAfter(retryAfter), true);
    assertNothing("has too much to do", log);
    assertEquals(ms, log.awaitFailure(Failure.Overloaded.class).retryAfterMs());
    rig.awaitOutcomes("overloaded " + ms);
  }

  @Test
  void theGateSaysWhenTheUpstreamDoesNot() throws Exception {
    rig.gate.closedForMs(700);
    CallLog log = ask(Fault.status(429), true);
    assertEquals(700, log.awaitFailure(Failure.Overloaded.class).retryAfterMs());
  }

  @Test
  void aClosedGateIsNoAnswer() throws Exception {
    rig.gate.close("upstream=up is closed.", 1_234);
    CallLog log = ask(Fault.status(429), true);
    assertEquals(
        new UpstreamFailure(new Failure.Overloaded("upstream=up is closed.", 1_234), true),
        log.awaitFailure());
    assertEquals(0, stub.counts().requests());
  }

  @Test
  void noSecretIsEverTold() throws Exception {
    var settings = new Settings(stub.url() + "/v1");
    settings.apiKey = "sk-very-secret";
    settings.headers =
        List.of(
            new Header("X-Gateway", "another secret"), new Header("X-Token", "Basic dXNlcjpwYXNz"));
    for (int status : new int[] {400, 500}) {
      CallLog log = ask(Fault.of(Kind.ECHO_HEADERS).withStatus(status), true, settings);
      String told = log.awaitFailure().toString();
      assertFalse(told.contains("very-secret"), told);
      assertFalse(told.contains("another secret"), told);
      assertFalse(told.contains("dXNlcjpwYXNz"), told);
      assertEquals(status == 400, told.contains("***"), told);
    }
  }

  @Test
  void noSecretIsToldAmidAStream() throws Exception {
    CallLog log =
        served(
            request ->
                request
                    .response()
                    .end(
                        "data: {\"error\":{\"message\":\"Bad key %s\"}}\n\n"
                            .formatted(request.getHeader("authorization"))));
    assertMessage("broke its answer off: Bad key Bearer ***", log.awaitFailure());
  }

  private CallLog served(Consumer<HttpServerRequest> handler) throws Exception {
    return rig.ask(rig.client(new Settings(rig.serve(handler))), STREAM);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "data: {\"error\":\"no\"}\n\n",
        "data: {\"object\":\"error\",\"message\":\"no\",\"code\":500}\n\n",
        "data: {\"choices\":[{\"index\":0,\"finish_reason\":\"abort\"}]}\n\n",
        "data: {\"choices\":[7]}\n\n",
        "data: {\"choices\":[{\"index\":-1}]}\n\n",
        "data: {\"choices\":[]} {}\n\n",
        "data: [1]\n\n",
        "data: \"text\"\n\n",
        "data: [DONE]\n\n",
        "data: nonsense\n\n",
        "{\"error\":{\"message\":\"no\"}}",
        ""
      })
  void nonsenseIsAFailure(String body) throws Exception {
    CallLog log = served(request -> request.response().end(body));
    assertTrue(log.awaitFailure().failure() instanceof Failure.UpstreamFailed);
    assertEquals(0, log.pieceCount());
    rig.awaitOutcomes("failed");
  }

  @Test
  void aRefusalMayComeAsAnEvent() throws Exception {
    CallLog log =
        served(
            request ->
                request
                    .response()
                    .end("data: {\"error\":{\"message\":\"Too long\",\"code\":400}}\n\n"));
    assertEquals(
        new Failure.UpstreamRejected(400, "Too long", "invalid_request_error", null, "400"),
        log.awaitFailure().failure());
    rig.awaitOutcomes("released");
  }

  @Test
  void anEndlessAnswerEnds() throws Exception {
    Buffer much = Gzip.compressed("a".repeat((64 << 20) + 1));
    String url =
        rig.serve(request -> request.response().putHeader("Content-Encoding", "gzip").end(much));
    CallLog whole = rig.ask(rig.client(new Settings(url)), WHOLE);
    assertNothing("sent an answer of more than 67108864 bytes", whole);
    Buffer event = Gzip.compressed("data: " + "a".repeat((8 << 20) + 1));
    CallLog log =
        served(request -> request.response().putHeader("Content-Encoding", "gzip").end(event));
    assertMessage("sent an event of more than 8388608 bytes", log.awaitFailure());
    rig.awaitOutcomes("failed", "failed");
  }

  @Test
  void anEndlessErrorIsStillAnError() throws Exception {
    CallLog log = served(request -> request.response().setStatusCode(500).end("a".repeat(1 << 20)));
    assertMessage("failed with status 500", log.awaitFailure());
  }

  @Test
  void hugeHeadersAreNoAnswer() throws Exception {
    CallLog log =
        served(request -> request.response().putHeader("X-Huge", "a".repeat(1 << 20)).end());
    assertMessage("without an answer", log.awaitFailure());
  }

  @Test
  void aSinkThatFailsEndsItsCallOnly() throws Exception {
    var log =
        new CallLog()
            .onPiece(
                piece -> {
                  throw new IllegalStateException("a fault of this test");
                });
    rig.ask(rig.client(new Settings(stub.url() + "/v1")), STREAM, new Attempts(), log);
    log.awaitFailure(Failure.EngineFailed.class);
    assertEquals(1, log.pieceCount());
    rig.awaitOutcomes("released");
  }

  @ParameterizedTest
  @ValueSource(ints = {404, 405})
  void aPathThatTheUpstreamDoesNotKnowIsTheConfigurationsFault(int status) throws Exception {
    String url =
        rig.serve(
            request -> request.response().setStatusCode(status).end("<html>Nothing here</html>"));
    CallLog log = rig.ask(rig.client(new Settings(url)), WHOLE);
    assertMessage("does not serve this gateway", log.awaitFailure());
    assertTrue(log.awaitFailure().elsewhere());
    log.awaitFailure(Failure.UpstreamFailed.class);
  }

  @Test
  void aRequestThatCannotBeWrittenEndsAndTakesNoPlace() throws Exception {
    ForwardedCall call = Calls.chat(BODY.formatted(false));
    ObjectNode node = call.body();
    for (int depth = 0; depth < 2_000; depth++) {
      node = node.putObject("deeper");
    }
    CallLog log = rig.ask(rig.client(new Settings(stub.url() + "/v1")), call);
    assertFalse(log.awaitFailure().elsewhere());
    log.awaitFailure(Failure.EngineFailed.class);
    assertEquals(List.of(), rig.gate.outcomes());
  }

  @Test
  void aSecretThatIsCutWithItsMessageIsHiddenToo() throws Exception {
    String message = "x".repeat(3_995) + " sk-0123456789";
    String url =
        rig.serve(
            request ->
                request
                    .response()
                    .setStatusCode(400)
                    .end("{\"error\":{\"message\":\"%s\"}}".formatted(message)));
    CallLog log = rig.ask(rig.client(new Settings(url)), WHOLE);
    String told = log.awaitFailure().failure().message();
    assertFalse(told.contains("sk-"), told);
    assertTrue(told.length() <= 4_001, told);
  }
}
