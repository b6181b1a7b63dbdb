package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.auth.KeySpec;
import io.fullbore.core.Allowance;
import io.fullbore.core.CachePolicy;
import io.fullbore.stub.AnswerShape;
import io.fullbore.stub.Fault;
import io.fullbore.stub.StubBehaviour;
import io.fullbore.stub.StubUpstream;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Anthropic's API before upstreams: one of OpenAI's kind and one of its own. */
@Timeout(60)
class ForwardedMessagesTest {
  private static final String PATH = "/v1/messages";
  private static final String TOOL =
      ",\"tools\":[{\"name\":\"look\",\"input_schema\":{\"type\":\"object\"}}]";

  private final Vertx vertx = Vertx.vertx();
  private StubUpstream stub;
  private ApiServer server;

  @BeforeEach
  void start() throws Exception {
    stub = StubUpstream.start(vertx, StubBehaviour.PLAIN);
    var settings = new HashMap<String, String>();
    for (String kind : List.of("openai", "anthropic")) {
      String upstream = "upstreams." + settings.size() / 6;
      settings.put(upstream + ".name", kind);
      settings.put(upstream + ".dialect", kind);
      settings.put(upstream + ".baseUrl", stub.url() + "/v1");
      settings.put(upstream + ".apiKey", "upstream-secret");
      settings.put(upstream + ".models.0.name", "of-" + kind);
      settings.put(upstream + ".maxRetries", "0");
    }
    server = new ApiServer(UnaryOperator.identity(), ApiServer.config(settings));
  }

  @AfterEach
  void close() throws Exception {
    server.assertNothingLeft();
    server.close();
    stub.close();
    vertx.close().await();
  }

  private static String body(String kind, String more) {
    return """
    {"model":"of-%s","max_tokens":20,"messages":[{"role":"user","content":"Hi"}]%s}\
    """
        .formatted(kind, more);
  }

  /** Joins a stream that must be one of Anthropic's. */
  private static JsonObject joined(String stream) {
    JsonObject message = new JsonObject();
    for (String event : stream.split("\n\n")) {
      JsonObject data = new JsonObject(event.substring(event.indexOf("data: ") + 6));
      assertEquals("event: " + data.getString("type"), event.lines().findFirst().orElse(""));
      switch (data.getString("type")) {
        case "message_start" -> message = data.getJsonObject("message");
        case "content_block_start" -> {
          assertEquals(message.getJsonArray("content").size(), data.getInteger("index"));
          message.getJsonArray("content").add(data.getJsonObject("content_block"));
        }
        case "content_block_delta" ->
            add(
                message.getJsonArray("content").getJsonObject(data.getInteger("index")),
                data.getJsonObject("delta"));
        case "message_delta" -> {
          message.mergeIn(data.getJsonObject("delta"));
          message.put("usage", data.getJsonObject("usage"));
        }
        default -> {}
      }
    }
    assertTrue(stream.endsWith("data: {\"type\":\"message_stop\"}\n\n"), stream);
    return message;
  }

  private static void add(JsonObject block, JsonObject delta) {
    switch (delta.getString("type")) {
      case "text_delta" -> block.put("text", block.getString("text") + delta.getString("text"));
      case "thinking_delta" ->
          block.put("thinking", block.getString("thinking") + delta.getString("thinking"));
      case "signature_delta" -> block.put("signature", delta.getString("signature"));
      case "input_json_delta" ->
          block.put("json", block.getString("json", "") + delta.getString("partial_json"));
      case String other -> throw new AssertionError(other);
    }
  }

  private static List<String> types(JsonObject message) {
    return message.getJsonArray("content").stream()
        .map(block -> ((JsonObject) block).getString("type"))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"openai", "anthropic"})
  void anAnswerFromElsewhereIsAMessage(String kind) throws Exception {
    JsonObject whole = server.json(PATH, body(kind, ""));
    JsonObject streamed = joined(server.post(PATH, body(kind, ",\"stream\":true")).body());
    for (JsonObject message : List.of(whole, streamed)) {
      assertTrue(message.getString("id").startsWith("msg_"), message.encode());
      assertEquals("message", message.getString("type"));
      assertEquals("assistant", message.getString("role"));
      assertEquals("end_turn", message.getString("stop_reason"), message.encode());
      assertEquals(List.of("text"), types(message));
      assertTrue(message.getJsonObject("usage").getInteger("input_tokens") > 0, message.encode());
      assertEquals(8, message.getJsonObject("usage").getInteger("output_tokens"));
    }
    assertFalse(whole.getJsonArray("content").getJsonObject(0).getString("text").isEmpty());
  }

  @ParameterizedTest
  @ValueSource(strings = {"openai", "anthropic"})
  void thoughtsAndCallsOfToolsAreBlocks(String kind) throws Exception {
    stub.always(
        StubBehaviour.PLAIN.with(
            AnswerShape.PLAIN.withTokens(3).withReasoningTokens(2).withToolCalls(2)));
    JsonObject whole = server.json(PATH, body(kind, TOOL));
    String stream = server.post(PATH, body(kind, TOOL + ",\"stream\":true")).body();
    for (JsonObject message : List.of(whole, joined(stream))) {
      assertEquals("tool_use", message.getString("stop_reason"), message.encode());
      assertEquals(List.of("thinking", "tool_use", "tool_use"), types(message), message.encode());
      JsonArray content = message.getJsonArray("content");
      JsonObject call = content.getJsonObject(1);
      assertEquals("look", call.getString("name"));
      assertFalse(call.getString("id").isEmpty());
      assertFalse(call.getString("id").equals(content.getJsonObject(2).getString("id")));
      if (call.containsKey("json")) {
        new JsonObject(call.getString("json"));
      }
    }
  }

  @Test
  void anUpstreamOfTheSameKindGetsWhatTheCallerWrote() throws Exception {
    String more =
        """
        ,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral"}}],
        "thinking":{"type":"enabled","budget_tokens":1024},"top_k":3,"stop_sequences":["x"]
        """;
    server.json(PATH, body("anthropic", more));
    JsonObject expected = new JsonObject(body("anthropic", more));
    assertEquals(expected, stub.requests().getLast().json());
    server.json(PATH, body("openai", more));
    JsonObject translated = stub.requests().getLast().json();
    assertEquals("/v1/chat/completions", stub.requests().getLast().path());
    assertEquals(20, translated.getInteger("max_completion_tokens"));
    assertEquals("system", translated.getJsonArray("messages").getJsonObject(0).getString("role"));
    assertFalse(translated.encode().contains("cache_control"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"openai", "anthropic"})
  void aStreamThatIsCutEndsInAnError(String kind) throws Exception {
    for (Fault.Kind fault : List.of(Fault.Kind.CUT, Fault.Kind.NO_END, Fault.Kind.ERROR_EVENT)) {
      stub.next(StubBehaviour.of(Fault.of(fault)));
      String stream = server.post(PATH, body(kind, ",\"stream\":true")).body();
      String last = stream.substring(stream.lastIndexOf("event: "));
      assertTrue(last.startsWith("event: error\ndata: {\"type\":\"error\""), fault + stream);
      assertFalse(stream.contains("message_stop"), fault + stream);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"openai", "anthropic"})
  void theUpstreamsRefusalHasTheCallersShape(String kind) throws Exception {
    stub.next(StubBehaviour.of(Fault.status(422)));
    HttpResponse<String> refused = server.post(PATH, body(kind, ""));
    assertEquals(422, refused.statusCode(), refused.body());
    assertEquals(
        "invalid_request_error",
        new JsonObject(refused.body()).getJsonObject("error").getString("type"));
    stub.next(StubBehaviour.of(Fault.status(500)));
    HttpResponse<String> failed = server.post(PATH, body(kind, ""));
    assertEquals("error", new JsonObject(failed.body()).getString("type"), failed.body());
  }

  @ParameterizedTest
  @ValueSource(strings = {"openai", "anthropic"})
  void anAnswerFromElsewhereIsRemembered(String kind) throws Exception {
    for (String stream : List.of("", ",\"stream\":true")) {
      String body = body(kind, ",\"temperature\":0" + stream);
      String first = server.post(PATH, body).body();
      HttpResponse<String> again = server.post(PATH, body);
      assertEquals("HIT-L1", again.headers().firstValue("X-Cache").orElse(""));
      assertEquals(first, again.body());
    }
  }

  private String key(Allowance allowance) throws Exception {
    var spec =
        new KeySpec(
            "Ada",
            Set.of(),
            allowance,
            Allowance.UNLIMITED,
            CachePolicy.DEFAULT,
            true,
            Set.of(),
            null);
    return server.parts.keys().create(spec).await(5, TimeUnit.SECONDS).secret();
  }

  private HttpResponse<String> ask(String path, String body, String key) throws Exception {
    return server.send(server.request(path, body).header("x-api-key", key).build());
  }

  @Test
  void theLimitsOfTheKeyHold() throws Exception {
    String once = key(new Allowance(1, 0, 0, 0, 0));
    assertEquals(200, ask(PATH, body("openai", ""), once).statusCode());
    HttpResponse<String> refused = ask(PATH, body("openai", ""), once);
    assertEquals(429, refused.statusCode());
    assertTrue(refused.headers().firstValue("Retry-After").isPresent());
    JsonObject error = new JsonObject(refused.body());
    assertEquals("error", error.getString("type"), refused.body());
    assertEquals("rate_limit_error", error.getJsonObject("error").getString("type"));
    assertEquals(429, ask(PATH + "/count_tokens", body("openai", ""), once).statusCode());
    HttpResponse<String> keyless = server.post(PATH, body("openai", ""));
    assertEquals(401, keyless.statusCode());
    assertTrue(keyless.body().contains("\"type\":\"authentication_error\""), keyless.body());
  }

  @Test
  void aResponseIsItsKeysAlone() throws Exception {
    String ada = key(Allowance.UNLIMITED);
    String bob = key(Allowance.UNLIMITED);
    String body = "{\"model\":\"of-openai\",\"input\":\"Hi\"%s}";
    String id =
        new JsonObject(ask("/v1/responses", body.formatted(""), ada).body()).getString("id");
    String next = body.formatted(",\"previous_response_id\":\"" + id + "\"");
    assertEquals(200, ask("/v1/responses", next, ada).statusCode());
    assertEquals(400, ask("/v1/responses", next, bob).statusCode());
    for (String key : List.of(ada, bob)) {
      HttpRequest shown =
          HttpRequest.newBuilder(server.uri("/v1/responses/" + id))
              .header("x-api-key", key)
              .build();
      assertEquals(key.equals(ada) ? 200 : 404, server.send(shown).statusCode());
      HttpRequest.Builder deleted = HttpRequest.newBuilder(shown, (name, value) -> true).DELETE();
      if (key.equals(bob)) {
        assertEquals(404, server.send(deleted.build()).statusCode());
      }
    }
  }

  @Test
  void tokensForOthersAreEstimated() throws Exception {
    String body = body("openai", "").replace("\"max_tokens\":20,", "");
    JsonObject count = server.json(PATH + "/count_tokens", body);
    assertTrue(count.getInteger("input_tokens") > 3, count.encode());
    assertEquals(0, stub.requests().size());
  }
}
