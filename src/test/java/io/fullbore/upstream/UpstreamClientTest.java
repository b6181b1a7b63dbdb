package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.config.UpstreamConfig.Dialect;
import io.fullbore.config.UpstreamConfig.Header;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Usage;
import io.fullbore.stub.AnswerShape;
import io.fullbore.stub.StubBehaviour;
import io.fullbore.stub.StubRequest;
import io.fullbore.stub.StubUpstream;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What goes to a healthy upstream, and what comes back. */
@Timeout(30)
class UpstreamClientTest {
  private static final String MESSAGES = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";
  private static final ForwardedCall STREAM =
      Calls.chat("{\"model\":\"alias\",\"stream\":true,%s}".formatted(MESSAGES));
  private static final ForwardedCall WHOLE =
      Calls.chat("{\"model\":\"alias\",%s}".formatted(MESSAGES));

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

  private CallLog ask(ForwardedCall call) throws Exception {
    return rig.ask(rig.client(settings()), call);
  }

  private StubRequest sent() {
    return stub.requests().getLast();
  }

  /** Asks a server that answers with these bytes. */
  private CallLog answered(String contentType, String body, ForwardedCall call) throws Exception {
    String url =
        rig.serve(request -> request.response().putHeader("Content-Type", contentType).end(body));
    return rig.ask(rig.client(new Settings(url)), call);
  }

  private CallLog streamed(String body, ForwardedCall call) throws Exception {
    return answered("text/event-stream", body, call);
  }

  @Test
  void theRequestIsTheCallersWithAnotherModel() throws Exception {
    ForwardedCall call =
        Calls.chat(
            """
            {"unknown":{"a":[1,2.50,null]},"model":"alias",%s,"n":1,"stream":true,\
            "stream_options":{"include_obfuscation":false},"user":"满血","seed":9007199254740993}\
            """
                .formatted(MESSAGES));
    ask(call).awaitEnd();
    assertEquals(
        """
        {"unknown":{"a":[1,2.5,null]},"model":"their-model",%s,"n":1,"stream":true,\
        "stream_options":{"include_obfuscation":false,"include_usage":true},"user":"满血",\
        "seed":9007199254740993}\
        """
            .formatted(MESSAGES),
        sent().body().toString());
    assertEquals("alias", call.body().path("model").asText());
    assertEquals(1, call.body().path("stream_options").size());
    assertEquals("/v1/chat/completions", sent().uri());
  }

  @Test
  void halfACharacterDoesNotSpoilTheRequest() throws Exception {
    ask(Calls.chat("{\"model\":\"a\",\"messages\":[],\"user\":\"\\ud83d!\"}")).awaitEnd();
    assertEquals("?!", sent().json().getString("user"));
  }

  @Test
  void aWholeRequestAsksForNoStreamOptions() throws Exception {
    ask(WHOLE).awaitEnd();
    assertEquals("{\"model\":\"their-model\",%s}".formatted(MESSAGES), sent().body().toString());
  }

  @Test
  void onlyOurOwnHeadersGoOut() throws Exception {
    Settings settings = settings();
    settings.headers =
        List.of(new Header("X-Team", "blue"), new Header("User-Agent", "something else"));
    rig.ask(rig.client(settings), STREAM).awaitEnd();
    var headers = new JsonObject();
    sent()
        .headers()
        .forEach(
            header -> headers.put(header.getKey().toLowerCase(Locale.ROOT), header.getValue()));
    headers.remove("content-length");
    assertEquals(
        new JsonObject()
            .put("content-type", "application/json")
            .put("user-agent", "something else")
            .put("authorization", "Bearer sk-0123456789")
            .put("x-team", "blue")
            .put("accept", "text/event-stream")
            .put("accept-encoding", "identity")
            .put("host", stub.url().substring("http://".length())),
        headers);
    ask(WHOLE).awaitEnd();
    assertEquals("fullbore", sent().header("user-agent"));
    assertEquals("application/json", sent().header("accept"));
  }

  @Test
  void azureHasDeploymentsAndAKeyOfItsOwn() throws Exception {
    var settings = new Settings(stub.url() + "/");
    settings.dialect = Dialect.AZURE;
    settings.apiVersion = "2024-10-21";
    UpstreamClient client = rig.client(settings);
    CallLog chat = rig.ask(client, STREAM);
    chat.awaitEnd();
    assertEquals(
        "/openai/deployments/their-model/chat/completions?api-version=2024-10-21", sent().uri());
    assertEquals("sk-0123456789", sent().header("api-key"));
    assertEquals(null, sent().header("authorization"));
    assertTrue(chat.texts().getFirst().contains("prompt_filter_results"), chat.texts()::toString);
    rig.ask(client, Calls.text("{\"model\":\"a\",\"prompt\":\"Hi\"}")).awaitEnd();
    assertEquals(
        "/openai/deployments/their-model/completions?api-version=2024-10-21", sent().uri());
  }

  private static final String CHUNK =
      """
      {"id":"满血","x_new":{"a":1.50},"choices":[{"index":0,"delta":{"content":"a\\u0041",\
      "reasoning_content":"hm"},"finish_reason":null}],"usage":null}\
      """;
  private static final String CALL_CHUNK =
      """
      { "choices" : [{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f",\
      "arguments":"{}"}}]},"finish_reason":"tool_calls","index":0}]}\
      """;
  private static final String USAGE_CHUNK =
      """
      {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13,\
      "prompt_tokens_details":{"cached_tokens":5}}}\
      """;
  private static final String EVENTS =
      ": hello\n\ndata: %s\n\ndata:%s\r\n\r\nevent: x\ndata: %s\n\ndata: [DONE]\n\n"
          .formatted(CHUNK, CALL_CHUNK, USAGE_CHUNK);

  @Test
  void theDataOfEventsIsPassedOnAsItIs() throws Exception {
    ForwardedCall call =
        Calls.chat(
            """
            {"model":"a","stream":true,"stream_options":{"include_usage":true},"messages":[]}\
            """);
    CallLog log = streamed(EVENTS, call);
    assertEquals(new Usage(9, 5, 4), log.awaitEnd());
    assertEquals(List.of(CHUNK, CALL_CHUNK, USAGE_CHUNK), log.texts());
    assertEquals(List.of(new ForwardedPiece.End(0, FinishReason.STOP)), log.pieces().get(1).ends());
    rig.awaitOutcomes("succeeded 13");
  }

  @Test
  void usageThatNobodyAskedForIsNotPassedOn() throws Exception {
    CallLog log = streamed(EVENTS, STREAM);
    assertEquals(new Usage(9, 5, 4), log.awaitEnd());
    assertEquals(List.of(CHUNK, CALL_CHUNK), log.texts());
  }

  @Test
  void anEventOfSeveralLinesIsPassedOnInOne() throws Exception {
    CallLog log = streamed("data: {\"choices\":\ndata: []}\n\ndata: [DONE]\n\n", STREAM);
    log.awaitEnd();
    assertEquals(List.of("{\"choices\": []}"), log.texts());
  }

  @Test
  void aWholeAnswerIsPassedOnAsItIs() throws Exception {
    String body =
        """
        {
          "x_new": [1.50, "满血"],
          "choices": [
            {"index": 1, "message": {"content": "b"}, "finish_reason": "length"},
            {"index": 0, "message": {"content": null, "tool_calls": []}, "finish_reason": "stop"}
          ],
          "usage": {"prompt_tokens": 9, "completion_tokens": 4}
        }
        """;
    CallLog log = answered("application/json", body, WHOLE);
    assertEquals(new Usage(9, 0, 4), log.awaitEnd());
    assertEquals(
        List.of(
            new ForwardedPiece(
                body,
                List.of(
                    new ForwardedPiece.End(1, FinishReason.LENGTH),
                    new ForwardedPiece.End(0, FinishReason.STOP)))),
        log.pieces());
    rig.awaitOutcomes("succeeded 13");
  }

  @Test
  void aStreamMayEndWithoutAWordWhenAllChoicesHave() throws Exception {
    String end = "data: {\"choices\":[{\"index\":%d,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    ForwardedCall two = Calls.chat("{\"model\":\"a\",\"stream\":true,\"n\":2,\"messages\":[]}");
    streamed(end.formatted(0) + end.formatted(1), two).awaitEnd();
    assertTrue(streamed(end.formatted(1), two).awaitFailure().failure().message().contains("cut"));
  }

  @Test
  void whatFollowsTheEndIsIgnored() throws Exception {
    CallLog log = streamed(EVENTS + "data: {\"choices\":[]}\n\ndata: nonsense\n\n", STREAM);
    log.awaitEnd();
    assertEquals(2, log.pieceCount());
  }

  @Test
  void aStreamThatSaidItIsDoneNeedNotEnd() throws Exception {
    String url = rig.serve(request -> request.response().setChunked(true).write(EVENTS));
    CallLog log = rig.ask(rig.client(new Settings(url)), STREAM);
    log.awaitEnd();
    rig.awaitOutcomes("succeeded 13");
  }

  @Test
  void theStubsAnswersComeThrough() throws Exception {
    stub.always(
        StubBehaviour.PLAIN.with(AnswerShape.PLAIN.withReasoningTokens(2).withToolCalls(2)));
    CallLog log = ask(STREAM);
    Usage usage = log.awaitEnd();
    assertTrue(usage.promptTokens() > 0 && usage.completionTokens() > 0);
    String all = String.join("\n", log.texts());
    assertTrue(all.contains("\"reasoning_content\""), all);
    assertTrue(all.contains("\"tool_calls\""), all);
    assertTrue(all.contains("\"x_extra\""), all);
    CallLog text = ask(Calls.text("{\"model\":\"a\",\"prompt\":\"Hi\",\"stream\":true}"));
    text.awaitEnd();
    assertEquals("/v1/completions", sent().uri());
    assertEquals(1, text.pieces().stream().filter(piece -> !piece.ends().isEmpty()).count());
  }

  @Test
  void whatTheUpstreamDoesNotCountIsCountedHere() throws Exception {
    stub.always(StubBehaviour.PLAIN.with(AnswerShape.PLAIN.withoutUsage().withTokens(50)));
    Usage streamed = ask(STREAM).awaitEnd();
    Usage whole = ask(WHOLE).awaitEnd();
    assertEquals(streamed, whole);
    assertEquals(
        ClientRig.TOKEN_COUNT.promptTokens(STREAM, Settings.MODEL.name()), whole.promptTokens());
    assertTrue(whole.completionTokens() >= 40 && whole.completionTokens() <= 120, whole::toString);
  }

  @Test
  void aConnectionIsUsedAgain() throws Exception {
    Set<String> addresses = ConcurrentHashMap.newKeySet();
    String url =
        rig.serve(
            request -> {
              addresses.add(String.valueOf(request.remoteAddress()));
              request.response().end(EVENTS);
            });
    UpstreamClient client = rig.client(new Settings(url));
    for (int i = 0; i < 5; i++) {
      rig.ask(client, STREAM).awaitEnd();
    }
    assertEquals(1, addresses.size());
  }

  @Test
  void aCompressedAnswerIsRead() throws Exception {
    String body = "{\"choices\":[%s]}".formatted("{},".repeat(999) + "{}");
    Buffer compressed = Gzip.compressed(body);
    String url =
        rig.serve(
            request -> request.response().putHeader("Content-Encoding", "gzip").end(compressed));
    CallLog log = rig.ask(rig.client(new Settings(url)), WHOLE);
    log.awaitEnd();
    assertEquals(body, log.texts().getFirst());
  }
}
