package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.Eventually;
import io.fullbore.auth.KeySpec;
import io.fullbore.core.Allowance;
import io.fullbore.core.CachePolicy;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.fullbore.stub.AnswerShape;
import io.fullbore.stub.Fault;
import io.fullbore.stub.Pace;
import io.fullbore.stub.StubBehaviour;
import io.fullbore.stub.StubRequest;
import io.fullbore.stub.StubUpstream;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Requests that an upstream answers, alone or together with a local model. */
@Timeout(60)
class ForwardingTest {
  private static final String CHAT = "/v1/chat/completions";

  private final Vertx vertx = Vertx.vertx();
  private StubUpstream stub;
  private ApiServer server;

  @BeforeEach
  void start() throws Exception {
    stub = StubUpstream.start(vertx, StubBehaviour.PLAIN);
    server = server(Map.of());
  }

  private ApiServer server(Map<String, String> more) throws Exception {
    var settings = new HashMap<String, String>();
    settings.put("upstreams.0.name", "cloud");
    settings.put("upstreams.0.baseUrl", stub.url() + "/v1");
    settings.put("upstreams.0.apiKey", "upstream-secret");
    settings.put("upstreams.0.models.0.name", "big");
    settings.put("upstreams.0.maxRetries", "0");
    settings.put("aliases.0.name", "chat");
    settings.put("aliases.0.spillAfterMs", "70");
    settings.put("aliases.0.targets.0.model", TestModel.NAME);
    settings.put("aliases.0.targets.1.upstream", "cloud");
    settings.put("aliases.0.targets.1.model", "big");
    settings.putAll(more);
    return new ApiServer(UnaryOperator.identity(), ApiServer.config(settings));
  }

  @AfterEach
  void close() throws Exception {
    server.assertNothingLeft();
    server.close();
    stub.close();
    vertx.close().await();
  }

  private static String body(String model, String more) {
    return "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]%s}"
        .formatted(model, more);
  }

  private static String servedBy(HttpResponse<?> response) {
    return response.headers().firstValue("X-Served-By").orElse("nobody")
        + " "
        + response.headers().firstValue("X-Served-Model").orElse("nothing");
  }

  @Test
  void anUpstreamsModelIsServedUnderItsName() throws Exception {
    HttpResponse<String> response =
        server.send(
            server
                .request(CHAT, body("big", ",\"x_unknown\":{\"a\":[1,2.5]},\"temperature\":0.7"))
                .header("Authorization", "Bearer local-secret")
                .header("X-Private", "of the caller")
                .build());
    assertEquals(200, response.statusCode(), response.body());
    assertEquals("cloud big", servedBy(response));
    assertTrue(new JsonObject(response.body()).containsKey("x_extra"), response.body());
    StubRequest seen = stub.requests().getLast();
    assertEquals(CHAT, seen.path());
    assertEquals("big", seen.json().getString("model"));
    assertTrue(seen.body().toString().contains("\"x_unknown\":{\"a\":[1,2.5]}"));
    assertEquals("Bearer upstream-secret", seen.header("Authorization"));
    assertNull(seen.header("X-Private"));
  }

  @Test
  void aStreamIsPassedOnPieceByPiece() throws Exception {
    List<String> events = server.events(CHAT, body("big", ",\"stream\":true"));
    assertEquals("[DONE]", events.getLast());
    assertTrue(events.size() > 8, events::toString);
    assertTrue(events.stream().noneMatch(event -> event.contains("\"choices\":[],\"usage\":{")));
    assertTrue(
        stub.requests()
            .getLast()
            .json()
            .getJsonObject("stream_options")
            .getBoolean("include_usage"));
    List<String> counted =
        server.events(
            CHAT, body("big", ",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
    JsonObject usage = new JsonObject(counted.get(counted.size() - 2)).getJsonObject("usage");
    assertTrue(usage.getInteger("completion_tokens") > 0);
  }

  @Test
  void toolCallsAndReasoningStayAsTheyCame() throws Exception {
    stub.always(
        StubBehaviour.PLAIN.with(
            AnswerShape.PLAIN.withTokens(3).withReasoningTokens(2).withToolCalls(1)));
    String tool =
        ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"look\"}}],\"stream\":true";
    String events = String.join("\n", server.events(CHAT, body("big", tool)));
    assertTrue(events.contains("\"tool_calls\""), events);
    assertTrue(events.contains("\"reasoning_content\""), events);
    assertTrue(events.contains("\"finish_reason\":\"tool_calls\""), events);
  }

  @Test
  void anAliasIsServedLocallyWhileThereIsRoom() throws Exception {
    BlockingQueue<Long> waits = new LinkedBlockingQueue<>();
    server.engine.script(
        submission -> {
          waits.add(submission.maxWaitMs());
          submission.accept();
          submission.tokens(0, "ok");
          submission.finish(0, FinishReason.STOP);
        });
    HttpResponse<String> response = server.post(CHAT, body("chat", ""));
    assertEquals(200, response.statusCode(), response.body());
    assertEquals("local tiny", servedBy(response));
    assertEquals(70, waits.poll(5, TimeUnit.SECONDS));
    assertEquals(0, stub.requests().size());
  }

  @Test
  void whatTheLocalModelHasNoRoomForIsForwarded() throws Exception {
    server.engine.script(submission -> submission.refuse("busy", 9_000));
    HttpResponse<String> response = server.post(CHAT, body("chat", ""));
    assertEquals(200, response.statusCode(), response.body());
    assertEquals("cloud big", servedBy(response));
    assertEquals("big", stub.requests().getLast().json().getString("model"));
  }

  @Test
  void whatTheLocalModelCannotDoIsForwarded() throws Exception {
    HttpResponse<String> forced =
        server.post(
            CHAT,
            body(
                "chat",
                ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],"
                    + "\"tool_choice\":\"required\""));
    assertEquals("cloud big", servedBy(forced), forced.body());
    HttpResponse<String> tooLong = server.post(CHAT, body("chat", ",\"max_tokens\":5000"));
    assertEquals("cloud big", servedBy(tooLong), tooLong.body());
  }

  @Test
  void aBadUpstreamIsReplacedByTheLocalModel() throws Exception {
    ApiServer upstreamFirst = server(Map.of("aliases.0.policy", "upstream_first"));
    try (upstreamFirst) {
      upstreamFirst.engine.answer("fine");
      for (Fault fault :
          List.of(
              Fault.status(500),
              Fault.status(503),
              Fault.status(429),
              Fault.of(Fault.Kind.RESET),
              Fault.of(Fault.Kind.HTML_PAGE))) {
        stub.next(StubBehaviour.of(fault));
        HttpResponse<String> response = upstreamFirst.post(CHAT, body("chat", ""));
        assertEquals(200, response.statusCode(), response.body());
        assertEquals("local tiny", servedBy(response), fault.toString());
      }
    }
  }

  @Test
  void whenNobodyHasRoomTheCallerIsToldWhenToComeAgain() throws Exception {
    server.engine.script(submission -> submission.refuse("busy", 9_000));
    stub.always(StubBehaviour.of(Fault.status(429).withRetryAfter("7")));
    HttpResponse<String> response = server.post(CHAT, body("chat", ""));
    assertEquals(429, response.statusCode(), response.body());
    long seconds = Long.parseLong(response.headers().firstValue("Retry-After").orElseThrow());
    assertTrue(seconds >= 1 && seconds <= 9, response.headers().map()::toString);
    int asked = stub.requests().size();
    assertEquals(429, server.post(CHAT, body("chat", "")).statusCode());
    assertEquals(asked, stub.requests().size(), "an upstream that said when is not asked before");
  }

  @Test
  void theUpstreamsRefusalIsPassedOn() throws Exception {
    stub.next(StubBehaviour.of(Fault.status(422)));
    HttpResponse<String> refused = server.post(CHAT, body("big", ""));
    assertEquals(422, refused.statusCode(), refused.body());
    assertFalse(
        new JsonObject(refused.body()).getJsonObject("error").getString("message").isEmpty());
  }

  @Test
  void aCutStreamEndsInAnErrorAndIsNotRemembered() throws Exception {
    for (Fault.Kind kind :
        List.of(
            Fault.Kind.CUT,
            Fault.Kind.NO_END,
            Fault.Kind.BAD_JSON,
            Fault.Kind.HALF_PIECE,
            Fault.Kind.ERROR_EVENT)) {
      stub.next(StubBehaviour.of(Fault.of(kind)));
      String body = body("big", ",\"stream\":true,\"temperature\":0,\"seed\":" + kind.ordinal());
      HttpResponse<String> response = server.post(CHAT, body);
      assertEquals(200, response.statusCode(), kind.name());
      assertFalse(response.body().contains("[DONE]"), kind + response.body());
      List<String> events = response.body().lines().filter(line -> !line.isEmpty()).toList();
      assertTrue(events.getLast().startsWith("data: {\"error\":"), kind + response.body());
      int asked = stub.requests().size();
      assertEquals("[DONE]", server.events(CHAT, body).getLast());
      assertEquals(asked + 1, stub.requests().size(), kind.name());
    }
  }

  @Test
  void aCompleteAnswerIsRememberedInTheFormInWhichItCame() throws Exception {
    String stream = body("big", ",\"temperature\":0,\"stream\":true");
    List<String> first = server.events(CHAT, stream);
    HttpResponse<String> again = server.post(CHAT, stream);
    assertEquals("HIT-L1", again.headers().firstValue("X-Cache").orElse(""));
    assertEquals("cloud big", servedBy(again));
    assertEquals(
        first,
        again
            .body()
            .lines()
            .filter(line -> !line.isEmpty())
            .map(line -> line.substring("data: ".length()))
            .toList());
    assertEquals(1, stub.requests().size());
    String whole = body("big", ",\"temperature\":0");
    String original = server.post(CHAT, whole).body();
    assertEquals(2, stub.requests().size());
    assertEquals(original, server.post(CHAT, whole).body());
    assertEquals(2, stub.requests().size());
  }

  @Test
  void aCallerWhoLeavesClosesTheUpstreamsConnection() throws Exception {
    stub.always(
        StubBehaviour.PLAIN
            .with(Pace.INSTANT.withTokensPerSecond(20))
            .with(AnswerShape.PLAIN.withTokens(10_000)));
    HttpResponse<InputStream> response =
        server.open(server.request(CHAT, body("big", ",\"stream\":true")).build());
    assertTrue(response.body().read() >= 0);
    response.body().close();
    StubRequest request = stub.requests().getLast();
    Eventually.await(request::closedEarly, 2_000);
  }

  @Test
  void aSilentUpstreamIsGivenUp() throws Exception {
    try (ApiServer impatient =
        server(
            Map.of(
                "upstreams.0.firstTokenTimeoutMs", "50",
                "upstreams.0.idleTimeoutMs", "50"))) {
      stub.next(StubBehaviour.of(Fault.of(Fault.Kind.SILENT)));
      HttpResponse<String> silent = impatient.post(CHAT, body("big", ""));
      assertEquals(504, silent.statusCode(), silent.body());
      stub.next(StubBehaviour.of(Fault.of(Fault.Kind.STALL)));
      HttpResponse<String> stalled = impatient.post(CHAT, body("big", ",\"stream\":true"));
      assertFalse(stalled.body().contains("[DONE]"), stalled.body());
      assertTrue(stalled.body().contains("data: {\"error\":"), stalled.body());
    }
  }

  @Test
  void aStreamThatWaitsForItsFirstTokenIsKeptAlive() throws Exception {
    ApiServer lively =
        new ApiServer(
            settings -> ApiServer.settings(0, 100, 0, 5, 60_000),
            ApiServer.config(
                Map.of(
                    "upstreams.0.name", "cloud",
                    "upstreams.0.baseUrl", stub.url() + "/v1",
                    "upstreams.0.models.0.name", "big")));
    try (lively) {
      stub.always(StubBehaviour.of(Fault.of(Fault.Kind.SILENT)));
      HttpResponse<InputStream> response =
          lively.open(lively.request(CHAT, body("big", ",\"stream\":true")).build());
      assertEquals(200, response.statusCode());
      assertEquals("cloud big", servedBy(response));
      assertEquals(": keep-alive\n", new String(response.body().readNBytes(13)));
      Eventually.await(() -> !stub.requests().isEmpty());
      response.body().close();
      Eventually.await(() -> stub.requests().getLast().closedEarly(), 2_000);
    }
  }

  @Test
  void theLocalEnginesFailureBeforeItsFirstTokenIsMadeGoodElsewhere() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.fail(0, new Failure.EngineFailed("broken"));
        });
    HttpResponse<String> response = server.post(CHAT, body("chat", ""));
    assertEquals(200, response.statusCode(), response.body());
    assertEquals("cloud big", servedBy(response));
  }

  @Test
  void textCompletionsAreForwardedToo() throws Exception {
    JsonObject answer =
        server.json("/v1/completions", "{\"model\":\"big\",\"prompt\":\"a\",\"n\":2}");
    assertEquals(2, answer.getJsonArray("choices").size());
    assertEquals("/v1/completions", stub.requests().getLast().path());
  }

  @Test
  void allNamesAreListed() throws Exception {
    HttpResponse<String> models = server.get("/v1/models");
    List<String> names =
        new JsonObject(models.body())
            .getJsonArray("data").stream()
                .map(model -> ((JsonObject) model).getString("id"))
                .toList();
    assertEquals(List.of("big", "chat", "tiny"), names);
    assertEquals(
        200, server.post("/tokenize", "{\"model\":\"chat\",\"prompt\":\"Hi\"}").statusCode());
    assertEquals(
        400, server.post("/tokenize", "{\"model\":\"big\",\"prompt\":\"Hi\"}").statusCode());
  }

  private String key(Allowance allowance, boolean mayForward) throws Exception {
    var cache = new CachePolicy(CachePolicy.Mode.DETERMINISTIC, true, false, false);
    var spec =
        new KeySpec(
            "Ada", Set.of(), allowance, Allowance.UNLIMITED, cache, mayForward, Set.of(), null);
    return server.parts.keys().create(spec).await(5, TimeUnit.SECONDS).secret();
  }

  /** A stream of the alias, the same for all who share their answers. */
  private HttpResponse<InputStream> openShared(String key) throws Exception {
    return server.open(
        server
            .request(CHAT, body("chat", ",\"stream\":true,\"temperature\":0"))
            .header("Authorization", "Bearer " + key)
            .build());
  }

  private static String rest(HttpResponse<InputStream> response) throws Exception {
    try (InputStream body = response.body()) {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void whoMayForwardDoesNotShareTheAnswerOfOneWhoMayNot() throws Exception {
    BlockingQueue<ScriptedEngine.Submission> submissions = new LinkedBlockingQueue<>();
    server.engine.script(
        submission -> {
          submission.accept();
          submissions.add(submission);
        });
    HttpResponse<InputStream> local = openShared(key(Allowance.UNLIMITED, false));
    HttpResponse<InputStream> any = openShared(key(Allowance.UNLIMITED, true));
    assertEquals("MISS", any.headers().firstValue("X-Cache").orElse(""));
    server.engine.script(submission -> submission.refuse("busy", 9_000));
    for (int i = 0; i < 2; i++) {
      submissions.take().fail(0, new Failure.EngineFailed("broken"));
    }
    String refused = rest(local);
    assertTrue(refused.contains("\"error\""), refused);
    String answered = rest(any);
    assertTrue(answered.contains("[DONE]"), answered);
  }

  @Test
  void whoHasMoneyDoesNotFailWithOneWhoHasNone() throws Exception {
    server.close();
    server =
        server(
            Map.of(
                "upstreams.0.models.0.answerMicrosPerMillion", "1000000000",
                "cache.localTtlMs", "300000"));
    BlockingQueue<ScriptedEngine.Submission> submissions = new LinkedBlockingQueue<>();
    server.engine.script(
        submission -> {
          submission.accept();
          submissions.add(submission);
        });
    HttpResponse<InputStream> poor = openShared(key(new Allowance(0, 0, 0, 1_000, 0), true));
    HttpResponse<InputStream> rich = openShared(key(Allowance.UNLIMITED, true));
    assertEquals("JOIN", rich.headers().firstValue("X-Cache").orElse(""));
    server.engine.script(submission -> submission.refuse("busy", 9_000));
    submissions.take().fail(0, new Failure.EngineFailed("broken"));
    String refused = rest(poor);
    assertTrue(refused.contains("\"error\""), refused);
    String answered = rest(rich);
    assertTrue(answered.contains("[DONE]"), answered);
  }
}
