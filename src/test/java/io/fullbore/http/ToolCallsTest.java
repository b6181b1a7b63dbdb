package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.config.ServerConfig;
import io.fullbore.core.FinishReason;
import io.fullbore.serving.ServedModel;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls of tools, over HTTP. */
@Timeout(60)
class ToolCallsTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String TEMPLATE =
      """
      {%- if tools %}{{ tools | tojson }}{% endif %}
      {%- for m in messages %}|{{ m.role }}:{{ m.content or '' }}
      {%- for c in m.tool_calls or [] %}<tool_call>{{ c.id }} {{ c.function.name }} \
      {%- for k, v in c.function.arguments.items() %} {{ k }}={{ v }}{% endfor %}{% endfor %}
      {%- endfor %}>\
      """;
  private static final String TOOLS =
      """
      ,"tools":[{"type":"function","function":{"name":"clock"}},\
      {"type":"function","function":{"name":"weather"}}]\
      """;
  private static final String ARGUMENTS = "{\"city\" :\"K\u00f6ln \\\"}\\\" END\", \"n\":1.0}";
  private static final String CALL =
      "<tool_call>\n{\"name\": \"weather\", \"arguments\": " + ARGUMENTS + "}\n</tool_call>";

  private static ApiServer server;

  @BeforeAll
  static void start() throws Exception {
    server = serve(TestModel.templated(TEMPLATE));
  }

  private static ApiServer serve(ServedModel model) throws Exception {
    return new ApiServer(
        UnaryOperator.identity(),
        ServerConfig.defaults(),
        new TreeMap<>(Map.of(TestModel.NAME, model)));
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @AfterEach
  void nothingIsLeft() {
    server.assertNothingLeft();
  }

  private static String ask(String more) {
    return "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]%s}"
        .formatted(more);
  }

  private static JsonObject choice(JsonObject answer, int index) {
    return answer.getJsonArray("choices").getJsonObject(index);
  }

  private static JsonObject message(JsonObject answer) {
    return choice(answer, 0).getJsonObject("message");
  }

  private static List<JsonObject> deltas(List<String> events) {
    List<JsonObject> deltas = new ArrayList<>();
    for (String event : events.subList(1, events.size() - 1)) {
      deltas.add(choice(new JsonObject(event), 0).getJsonObject("delta"));
    }
    return deltas;
  }

  private static String finishReason(List<String> events) {
    return choice(new JsonObject(events.get(events.size() - 2)), 0).getString("finish_reason");
  }

  @Test
  void aCallIsPartOfTheMessage() throws Exception {
    server.engine.answer(CALL);
    JsonObject answer = server.json(PATH, ask(TOOLS));
    JsonObject message = message(answer);
    String id = message.getJsonArray("tool_calls").getJsonObject(0).getString("id");
    assertTrue(id.matches("[0-9A-Za-z]{9}"), id);
    assertEquals(
        new JsonObject()
            .put("role", "assistant")
            .putNull("content")
            .putNull("refusal")
            .put(
                "tool_calls",
                new JsonArray()
                    .add(
                        new JsonObject()
                            .put("id", id)
                            .put("type", "function")
                            .put(
                                "function",
                                new JsonObject()
                                    .put("name", "weather")
                                    .put("arguments", ARGUMENTS)))),
        message);
    assertEquals("tool_calls", choice(answer, 0).getString("finish_reason"));
    assertEquals(
        TestModel.ids(CALL).length, answer.getJsonObject("usage").getInteger("completion_tokens"));
  }

  @Test
  void aStreamNamesTheCallAndThenGoesOnWithItsArguments() throws Exception {
    server.engine.answer("So:\n" + CALL);
    List<String> events = server.events(PATH, ask(TOOLS + ",\"stream\":true"));
    List<JsonObject> deltas = deltas(events);
    var text = new StringBuilder();
    var arguments = new StringBuilder();
    int starts = 0;
    for (JsonObject delta : deltas) {
      text.append(delta.getString("content", ""));
      for (Object piece : delta.getJsonArray("tool_calls", new JsonArray())) {
        JsonObject call = (JsonObject) piece;
        assertEquals(0, call.getInteger("index"));
        JsonObject function = call.getJsonObject("function");
        if (call.containsKey("id")) {
          starts++;
          assertEquals("function", call.getString("type"));
          assertEquals("weather", function.getString("name"));
          assertEquals("", arguments.toString());
        }
        arguments.append(function.getString("arguments"));
      }
    }
    assertEquals(1, starts);
    assertEquals("So:", text.toString());
    assertEquals(ARGUMENTS, arguments.toString());
    assertTrue(deltas.size() > ARGUMENTS.length(), "one delta per character");
    assertEquals("tool_calls", finishReason(events));
  }

  @Test
  void choicesCallOrAnswerEachForItself() throws Exception {
    server.engine.answer(CALL, "No.", CALL + CALL);
    JsonObject answer = server.json(PATH, ask(TOOLS + ",\"n\":3"));
    assertEquals("tool_calls", choice(answer, 0).getString("finish_reason"));
    assertEquals("stop", choice(answer, 1).getString("finish_reason"));
    assertEquals("No.", choice(answer, 1).getJsonObject("message").getString("content"));
    assertFalse(choice(answer, 1).getJsonObject("message").containsKey("tool_calls"));
    JsonArray calls = choice(answer, 2).getJsonObject("message").getJsonArray("tool_calls");
    assertEquals(2, calls.size());
    assertNotEquals(calls.getJsonObject(0).getString("id"), calls.getJsonObject(1).getString("id"));
  }

  @Test
  void aStopStringEndsTheTextAndNeverACall() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.tokens(0, "one E\n" + CALL + "two END three");
        });
    JsonObject answer = server.json(PATH, ask(TOOLS + ",\"stop\":\"END\""));
    assertEquals("one E\ntwo ", message(answer).getString("content"));
    assertEquals(
        ARGUMENTS,
        message(answer)
            .getJsonArray("tool_calls")
            .getJsonObject(0)
            .getJsonObject("function")
            .getString("arguments"));
    assertEquals(1, server.engine.awaitCancel().size());
  }

  @Test
  void whereToolsMayNotBeCalledACallIsText() throws Exception {
    server.engine.answer(CALL);
    JsonObject answer = server.json(PATH, ask(TOOLS + ",\"tool_choice\":\"none\""));
    assertEquals(CALL, message(answer).getString("content"));
    assertEquals("stop", choice(answer, 0).getString("finish_reason"));
    assertEquals(CALL, message(server.json(PATH, ask(""))).getString("content"));
  }

  @Test
  void aMalformedCallIsText() throws Exception {
    String malformed = "<tool_call>\n{\"name\": weather}\n</tool_call>";
    server.engine.answer(malformed);
    JsonObject answer = server.json(PATH, ask(TOOLS));
    assertEquals(malformed, message(answer).getString("content"));
    assertEquals("stop", choice(answer, 0).getString("finish_reason"));
  }

  @Test
  void aCallThatIsCutSaysSo() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.tokens(0, CALL.substring(0, CALL.indexOf("ln ")));
          submission.finish(0, FinishReason.LENGTH);
        });
    JsonObject answer = server.json(PATH, ask(TOOLS));
    assertEquals("length", choice(answer, 0).getString("finish_reason"));
    assertTrue(message(answer).encode().contains("K\u00f6"));
  }

  @Test
  void oneCallAtATimeEndsTheAnswer() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.tokens(0, CALL + CALL);
        });
    JsonObject answer = server.json(PATH, ask(TOOLS + ",\"parallel_tool_calls\":false"));
    assertEquals(1, message(answer).getJsonArray("tool_calls").size());
    assertEquals("tool_calls", choice(answer, 0).getString("finish_reason"));
    assertEquals(1, server.engine.awaitCancel().size());
  }

  @Test
  void callsAndResultsReachTheTemplate() throws Exception {
    BlockingQueue<int[]> prompts = new LinkedBlockingQueue<>();
    server.engine.script(
        submission -> {
          prompts.add(submission.requests().getFirst().prompt());
          submission.accept();
          submission.finish(0, FinishReason.STOP);
        });
    server.json(
        PATH,
        """
        {"model":"tiny","messages":[{"role":"user","content":"Hi"},
          {"role":"assistant","content":null,"tool_calls":[{"id":"abc","type":"function",
            "function":{"name":"weather","arguments":"{\\"city\\": \\"Rome\\"}"}}]},
          {"role":"tool","tool_call_id":"abc","content":"7"}]}\
        """);
    int[] prompt = prompts.take();
    assertEquals(
        "|user:Hi|assistant:<tool_call>abc weather city=Rome|tool:7>",
        TestModel.served().tokenizer().decode(prompt));
  }

  @Test
  void controlTokensThatMarkACallAreSeenAndNeverShown() throws Exception {
    try (ApiServer listing =
        serve(TestModel.templated("{{ tools }}[TOOL_CALLS]", "[TOOL_CALLS]", "[ARGS]"))) {
      listing.engine.script(
          submission -> {
            submission.accept();
            submission.tokens(0, "Well");
            submission.token(0, TestModel.FIRST_FURTHER);
            submission.tokens(0, "clock");
            submission.token(0, TestModel.FIRST_FURTHER + 1);
            submission.tokens(0, "{}");
            submission.token(0, TestModel.FIRST_FURTHER);
            submission.tokens(0, "no call");
            submission.finish(0, FinishReason.STOP);
          });
      JsonObject answer = listing.json(PATH, ask(TOOLS));
      assertEquals("Wellno call", message(answer).getString("content"));
      assertEquals(1, message(answer).getJsonArray("tool_calls").size());
      assertEquals("tool_calls", choice(answer, 0).getString("finish_reason"));
    }
  }

  @Test
  void aTemplateWithoutToolsRefusesThem() throws Exception {
    try (ApiServer plain = serve(TestModel.templated("{{ messages[0].content }}"))) {
      HttpResponse<String> response = plain.post(PATH, ask(TOOLS));
      assertEquals(400, response.statusCode());
      assertEquals(
          "tools", new JsonObject(response.body()).getJsonObject("error").getString("param"));
    }
  }

  @Test
  void aRememberedStreamEqualsTheOriginal() throws Exception {
    server.engine.answer("So: " + CALL + "\n" + CALL);
    String body = ask(TOOLS + ",\"stream\":true,\"stream_options\":{\"include_usage\":true}");
    HttpResponse<String> first = forced(body);
    HttpResponse<String> second = forced(body);
    assertEquals("HIT-L1", second.headers().firstValue("X-Cache").orElse(""));
    assertTrue(first.body().contains("\"finish_reason\":\"tool_calls\""));
    assertEquals(withoutName(first.body()), withoutName(second.body()));
    JsonObject whole = new JsonObject(forced(ask(TOOLS)).body());
    assertEquals("So:", message(whole).getString("content"));
    JsonArray calls = message(whole).getJsonArray("tool_calls");
    for (Object call : calls) {
      assertTrue(first.body().contains(((JsonObject) call).getString("id")));
    }
  }

  private static HttpResponse<String> forced(String body) throws Exception {
    return server.send(server.request(PATH, body).header("X-Cache", "force").build());
  }

  private static String withoutName(String events) {
    return events.replaceAll("chatcmpl-[0-9a-f]{32}", "ID");
  }

  @Test
  void aReaderWhoJoinsAmidACallGetsAllOfIt() throws Exception {
    BlockingQueue<ScriptedEngine.Submission> submissions = new LinkedBlockingQueue<>();
    server.engine.script(
        submission -> {
          submissions.add(submission);
          submission.accept();
        });
    String body = ask(TOOLS + ",\"stream\":true,\"seed\":7");
    HttpResponse<InputStream> first = open(body);
    ScriptedEngine.Submission submission = submissions.poll(10, TimeUnit.SECONDS);
    int half = CALL.indexOf("city");
    submission.tokens(0, CALL.substring(0, half));
    HttpResponse<InputStream> second = open(body); // a stream's head comes when it has joined
    assertEquals("JOIN", second.headers().firstValue("X-Cache").orElse(""));
    submission.tokens(0, CALL.substring(half));
    submission.finish(0, FinishReason.STOP);
    String events = new String(first.body().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(events.contains("\"finish_reason\":\"tool_calls\""));
    assertEquals(
        withoutName(events),
        withoutName(new String(second.body().readAllBytes(), StandardCharsets.UTF_8)));
  }

  private static HttpResponse<InputStream> open(String body) throws Exception {
    return server.open(server.request(PATH, body).header("X-Cache", "force").build());
  }
}
