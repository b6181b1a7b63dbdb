package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.stub.AnswerShape;
import io.fullbore.stub.Fault;
import io.fullbore.stub.StubBehaviour;
import io.fullbore.stub.StubUpstream;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** OpenAI's responses API before an upstream that has chat completions alone. */
@Timeout(60)
class ForwardedResponsesTest {
  private static final String PATH = "/v1/responses";
  private static final String TOOL =
      ",\"tools\":[{\"type\":\"function\",\"name\":\"look\",\"parameters\":{\"type\":\"object\"}}]";

  private final Vertx vertx = Vertx.vertx();
  private StubUpstream stub;
  private ApiServer server;

  @BeforeEach
  void start() throws Exception {
    stub = StubUpstream.start(vertx, StubBehaviour.PLAIN);
    Map<String, String> settings =
        Map.of(
            "upstreams.0.name", "cloud",
            "upstreams.0.baseUrl", stub.url() + "/v1",
            "upstreams.0.models.0.name", "big",
            "upstreams.0.maxRetries", "0");
    server = new ApiServer(UnaryOperator.identity(), ApiServer.config(settings));
  }

  @AfterEach
  void close() throws Exception {
    server.assertNothingLeft();
    server.close();
    stub.close();
    vertx.close().await();
  }

  private static String body(String more) {
    return "{\"model\":\"big\",\"input\":\"Hi\"%s}".formatted(more);
  }

  private List<JsonObject> events(String more) throws Exception {
    String stream = server.post(PATH, body(more + ",\"stream\":true")).body();
    List<JsonObject> events = new ArrayList<>();
    for (String event : stream.split("\n\n")) {
      JsonObject data = new JsonObject(event.substring(event.indexOf("data: ") + 6));
      assertEquals("event: " + data.getString("type"), event.lines().findFirst().orElse(""));
      assertEquals(events.size(), data.getInteger("sequence_number"));
      events.add(data);
    }
    return events;
  }

  @Test
  void anAnswerFromElsewhereIsAResponse() throws Exception {
    JsonObject whole = server.json(PATH, body(""));
    JsonObject last = events("").getLast();
    assertEquals("response.completed", last.getString("type"));
    for (JsonObject response : List.of(whole, last.getJsonObject("response"))) {
      assertEquals("completed", response.getString("status"));
      assertEquals(8, response.getJsonObject("usage").getInteger("output_tokens"));
      JsonObject item = response.getJsonArray("output").getJsonObject(0);
      assertEquals("message", item.getString("type"));
      assertFalse(item.getJsonArray("content").getJsonObject(0).getString("text").isEmpty());
    }
  }

  @Test
  void callsOfFunctionsAreItemsAndGoBackAsCalls() throws Exception {
    stub.always(
        StubBehaviour.PLAIN.with(
            AnswerShape.PLAIN.withTokens(3).withReasoningTokens(2).withToolCalls(2)));
    JsonObject whole = server.json(PATH, body(TOOL));
    List<JsonObject> events = events(TOOL);
    for (JsonObject response : List.of(whole, events.getLast().getJsonObject("response"))) {
      List<String> types =
          response.getJsonArray("output").stream()
              .map(item -> ((JsonObject) item).getString("type"))
              .toList();
      assertEquals(List.of("reasoning", "function_call", "function_call"), types);
      JsonObject call = response.getJsonArray("output").getJsonObject(1);
      assertEquals("look", call.getString("name"));
      new JsonObject(call.getString("arguments"));
    }
    assertTrue(
        events.stream()
            .anyMatch(
                event -> event.getString("type").equals("response.function_call_arguments.done")));
    stub.always(StubBehaviour.PLAIN);
    JsonArray results = new JsonArray();
    for (int i = 1; i <= 2; i++) {
      results.add(
          new JsonObject()
              .put("type", "function_call_output")
              .put("call_id", whole.getJsonArray("output").getJsonObject(i).getString("call_id"))
              .put("output", "sun"));
    }
    server.json(
        PATH,
        new JsonObject()
            .put("model", "big")
            .put("previous_response_id", whole.getString("id"))
            .put("input", results)
            .encode());
    JsonArray messages = stub.requests().getLast().json().getJsonArray("messages");
    assertEquals(4, messages.size(), messages.encode());
    assertEquals(2, messages.getJsonObject(1).getJsonArray("tool_calls").size());
    assertEquals("tool", messages.getJsonObject(3).getString("role"));
  }

  @Test
  void aStreamThatIsCutIsAFailedResponse() throws Exception {
    for (Fault.Kind fault : List.of(Fault.Kind.CUT, Fault.Kind.NO_END, Fault.Kind.ERROR_EVENT)) {
      stub.next(StubBehaviour.of(Fault.of(fault)));
      JsonObject last = events("").getLast();
      assertEquals("response.failed", last.getString("type"), fault.name());
      assertEquals("failed", last.getJsonObject("response").getString("status"));
    }
  }

  @Test
  void theUpstreamsRefusalIsPassedOn() throws Exception {
    stub.next(StubBehaviour.of(Fault.status(422)));
    HttpResponse<String> refused = server.post(PATH, body(""));
    assertEquals(422, refused.statusCode(), refused.body());
    assertTrue(new JsonObject(refused.body()).containsKey("error"));
  }

  @Test
  void whatTheUpstreamGetsIsAChat() throws Exception {
    server.json(
        PATH,
        body(
            ",\"instructions\":\"x\",\"max_output_tokens\":9,\"reasoning\":{\"effort\":\"low\"},"
                + "\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"schema\":{}}},"
                + "\"metadata\":{\"a\":\"b\"},\"include\":[]"));
    assertEquals(
        new JsonObject(
            """
            {"model":"big","messages":[{"role":"developer","content":"x"},
             {"role":"user","content":"Hi"}],"max_completion_tokens":9,"reasoning_effort":"low",
             "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}}
            """),
        stub.requests().getLast().json());
  }
}
