package io.fullbore.stub;

import static io.fullbore.stub.StubCaller.body;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.stub.Fault.Kind;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class AnthropicAnswersTest {
  private static final String MESSAGES = "/v1/messages";

  private StubCaller caller;

  @BeforeEach
  void start() throws Exception {
    caller = new StubCaller();
  }

  @AfterEach
  void stop() throws Exception {
    caller.close();
  }

  private static List<String> types(List<JsonObject> events) {
    return events.stream().map(event -> event.getString("type")).distinct().toList();
  }

  private static String joined(List<JsonObject> events, int block, String field) {
    return events.stream()
        .filter(event -> event.getString("type").equals("content_block_delta"))
        .filter(event -> event.getInteger("index") == block)
        .map(event -> event.getJsonObject("delta").getString(field, ""))
        .collect(Collectors.joining());
  }

  @Test
  void aMessageHasTextAndUsage() throws Exception {
    JsonObject message = caller.json(MESSAGES, body(false, ""));
    assertEquals(Words.text(8), message.getJsonArray("content").getJsonObject(0).getString("text"));
    assertEquals("end_turn", message.getString("stop_reason"));
    assertEquals(8, message.getJsonObject("usage").getInteger("output_tokens"));
  }

  @Test
  void aStreamBuildsTheSame() throws Exception {
    List<JsonObject> events = caller.events(MESSAGES, body(true, ""));
    assertEquals(
        List.of(
            "message_start",
            "content_block_start",
            "ping",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop"),
        types(events));
    assertEquals(Words.text(8), joined(events, 0, "text"));
    JsonObject end = events.get(events.size() - 2);
    assertEquals("end_turn", end.getJsonObject("delta").getString("stop_reason"));
    assertEquals(8, end.getJsonObject("usage").getInteger("output_tokens"));
  }

  @Test
  void thinkingAndToolsAreBlocks() throws Exception {
    caller.stub.always(
        StubBehaviour.PLAIN.with(AnswerShape.PLAIN.withReasoningTokens(2).withToolCalls(1)));
    String tools = ",\"tools\":[{\"name\":\"look\",\"input_schema\":{}}]";
    JsonObject message = caller.json(MESSAGES, body(false, tools));
    assertEquals("tool_use", message.getString("stop_reason"));
    JsonObject use = message.getJsonArray("content").getJsonObject(1);
    assertEquals("look", use.getString("name"));
    assertEquals(new JsonObject(Words.toolArguments()), use.getJsonObject("input"));
    List<JsonObject> events = caller.events(MESSAGES, body(true, tools));
    assertEquals(Words.text(2), joined(events, 0, "thinking"));
    assertEquals(Words.toolArguments(), joined(events, 1, "partial_json"));
  }

  @Test
  void fewerTokensAreSaidToBeFewer() throws Exception {
    String few = body(false, "").replace("100", "3");
    assertEquals("max_tokens", caller.json(MESSAGES, few).getString("stop_reason"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"model\":\"m\",\"messages\":[]}",
        "{\"model\":\"m\",\"max_tokens\":5}",
        "{\"model\":\"m\",\"max_tokens\":5,\"messages\":[{\"role\":\"system\",\"content\":\"\"}]}"
      })
  void whatAnthropicRefusesIsRefused(String body) throws Exception {
    var answer = caller.post(MESSAGES, body);
    assertEquals(400, answer.statusCode());
    JsonObject error = new JsonObject(answer.body());
    assertEquals("error", error.getString("type"));
    assertEquals("invalid_request_error", error.getJsonObject("error").getString("type"));
  }

  @Test
  void errorsHaveTheirForm() throws Exception {
    caller.stub.next(StubBehaviour.of(Fault.status(529)));
    JsonObject error = caller.json(MESSAGES, body(true, ""));
    assertEquals("overloaded_error", error.getJsonObject("error").getString("type"));
    caller.stub.next(StubBehaviour.of(Fault.of(Kind.ERROR_EVENT)));
    String stream = caller.post(MESSAGES, body(true, "")).body();
    assertTrue(stream.contains("event: error\ndata: {\"type\":\"error\""), stream);
  }
}
