package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.Eventually;
import io.fullbore.config.UpstreamConfig.Dialect;
import io.fullbore.core.Failure;
import io.fullbore.core.Usage;
import io.fullbore.stub.AnswerShape;
import io.fullbore.stub.Fault;
import io.fullbore.stub.StubBehaviour;
import io.fullbore.stub.StubUpstream;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Upstreams behind their real gates. */
@Timeout(30)
class UpstreamsTest {
  private static final String BODY =
      "{\"model\":\"a\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
  private static final ForwardedCall STREAM = Calls.chat(BODY.formatted(true));
  private static final ForwardedCall WHOLE = Calls.chat(BODY.formatted(false));
  private static final String CERTIFICATES = "/io/fullbore/http/tls/first";

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

  private Upstreams upstreams(Settings settings) {
    return new Upstreams(
        rig.vertx,
        List.of(settings.build()),
        InstantSource.system(),
        System::nanoTime,
        new SplittableRandom(1));
  }

  private UpstreamClient client(Upstreams upstreams) throws Exception {
    return rig.onLoop(() -> upstreams.client(rig.vertx, "up"));
  }

  @Test
  void allClientsOfAnUpstreamShareItsGate() throws Exception {
    Upstreams upstreams = upstreams(settings());
    assertEquals(0, upstreams.closedForMs("up"));
    stub.next(StubBehaviour.of(Fault.status(429).withRetryAfter("9")));
    rig.ask(client(upstreams), STREAM).awaitFailure();
    assertTrue(upstreams.closedForMs("up") > 8_000);
    long left =
        rig.ask(client(upstreams), STREAM).awaitFailure(Failure.Overloaded.class).retryAfterMs();
    assertTrue(left > 8_000 && left <= 9_000, () -> "ms=" + left);
    assertEquals(1, stub.counts().requests());
  }

  @Test
  void anUnknownNameIsABug() {
    Upstreams upstreams = upstreams(settings());
    assertThrows(IllegalArgumentException.class, () -> upstreams.closedForMs("other"));
  }

  @Test
  void vocabulariesCanBeReadBefore() throws Exception {
    upstreams(settings()).loadVocabularies(rig.vertx).await(10, TimeUnit.SECONDS);
  }

  @Test
  void aClosedClientFailsItsCalls() throws Exception {
    UpstreamClient client = client(upstreams(settings()));
    rig.await(client::close);
    assertTrue(rig.ask(client, STREAM).awaitFailure().elsewhere());
  }

  @Test
  void anthropicAnswersAsOpenAiDoes() throws Exception {
    Settings settings = settings();
    settings.dialect = Dialect.ANTHROPIC;
    UpstreamClient client = client(upstreams(settings));
    stub.always(StubBehaviour.PLAIN.with(AnswerShape.PLAIN.withTokens(20)));
    CallLog streamed = rig.ask(client, STREAM);
    Usage usage = streamed.awaitEnd();
    assertEquals(20, usage.completionTokens());
    assertEquals("/v1/messages", stub.requests().getLast().uri());
    assertEquals("sk-0123456789", stub.requests().getLast().header("x-api-key"));
    assertTrue(
        streamed.texts().stream().allMatch(text -> text.contains("chat.completion.chunk")),
        streamed.texts()::toString);
    assertEquals(1, streamed.pieces().stream().mapToInt(piece -> piece.ends().size()).sum());
    CallLog whole = rig.ask(client, WHOLE);
    assertEquals(usage, whole.awaitEnd());
    assertEquals(1, whole.pieces().getFirst().ends().size());
  }

  @Test
  void aCutAnswerOfAnthropicIsNoEnd() throws Exception {
    Settings settings = settings();
    settings.dialect = Dialect.ANTHROPIC;
    UpstreamClient client = client(upstreams(settings));
    for (Fault.Kind kind : List.of(Fault.Kind.CUT, Fault.Kind.NO_END, Fault.Kind.HALF_PIECE)) {
      stub.next(StubBehaviour.of(Fault.of(kind).withAfterPieces(4)));
      String message = rig.ask(client, STREAM).awaitFailure().failure().message();
      assertEquals("The upstream 'up' cut its answer.", message);
    }
    stub.next(StubBehaviour.of(Fault.of(Fault.Kind.ERROR_EVENT).withAfterPieces(4)));
    String message = rig.ask(client, STREAM).awaitFailure().failure().message();
    assertTrue(message.contains("The stub gave up."), message);
  }

  @Test
  void whatADialectCannotSayIsForSomebodyElse() throws Exception {
    Settings settings = settings();
    settings.dialect = Dialect.ANTHROPIC;
    CallLog log =
        rig.ask(client(upstreams(settings)), Calls.text("{\"model\":\"a\",\"prompt\":\"Hi\"}"));
    assertTrue(log.awaitFailure().elsewhere());
    assertEquals(0, stub.counts().requests());
  }

  @Test
  void aCertificateThatNobodyVouchesForIsRefused() throws Exception {
    HttpServer server =
        rig.vertx
            .createHttpServer(
                new HttpServerOptions()
                    .setSsl(true)
                    .setKeyCertOptions(
                        new PemKeyCertOptions()
                            .setCertValue(resource(CERTIFICATES + ".cert.pem"))
                            .setKeyValue(resource(CERTIFICATES + ".key.pem"))))
            .requestHandler(request -> request.response().end("{\"choices\":[]}"));
    server.listen(0, "127.0.0.1").await(10, TimeUnit.SECONDS);
    var settings = new Settings("https://localhost:" + server.actualPort());
    CallLog log = rig.ask(client(upstreams(settings)), WHOLE);
    assertEquals(
        new UpstreamFailure(
            new Failure.UpstreamFailed("The upstream 'up' could not be reached."), true),
        log.awaitFailure());
  }

  private static Buffer resource(String name) throws Exception {
    try (var in = UpstreamsTest.class.getResourceAsStream(name)) {
      return Buffer.buffer(Objects.requireNonNull(in).readAllBytes());
    }
  }

  /** The slots come back however calls end. */
  @Test
  void noSlotIsLost() throws Exception {
    Settings settings = settings();
    settings.maxConcurrent = 1;
    UpstreamClient client = client(upstreams(settings));
    for (int i = 0; i < 3; i++) {
      rig.ask(client, STREAM).awaitEnd();
      stub.next(StubBehaviour.of(Fault.status(400)));
      rig.ask(client, WHOLE).awaitFailure();
      stub.next(StubBehaviour.of(Fault.of(Fault.Kind.STALL)));
      CallLog log = rig.ask(client, STREAM);
      Eventually.await(() -> log.pieceCount() > 0);
      CallLog waiting = rig.ask(client, STREAM);
      rig.runOnLoop(() -> log.call().cancel());
      waiting.awaitEnd();
    }
  }
}
