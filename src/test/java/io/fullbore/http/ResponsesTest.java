package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** OpenAI's responses API before local models. */
@Timeout(30)
class ResponsesTest {
  private static final String PATH = "/v1/responses";

  private static ApiServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ApiServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @AfterEach
  void nothingIsLeft() {
    server.assertNothingLeft();
  }

  private static String body(String more) {
    return "{\"model\":\"tiny\",\"input\":\"Hi\"%s}".formatted(more);
  }

  /** The prompt that the model gets, while it answers. */
  private static String prompt(String body, String answer) throws Exception {
    BlockingQueue<String> prompts = server.engine.promptsAnswered(answer);
    server.json(PATH, body);
    return prompts.poll(5, TimeUnit.SECONDS);
  }

  private static String text(JsonObject response) {
    return response
        .getJsonArray("output")
        .getJsonObject(0)
        .getJsonArray("content")
        .getJsonObject(0)
        .getString("text");
  }

  @Test
  void aResponseSaysWhatWasAskedAndAnswered() throws Exception {
    server.engine.answer("Hello");
    JsonObject response =
        server.json(
            PATH,
            body(",\"instructions\":\"Be kind\",\"temperature\":0.5,\"metadata\":{\"a\":\"b\"}"));
    String id = response.getString("id");
    assertTrue(id.startsWith("resp_"), id);
    int input = response.getJsonObject("usage").getInteger("input_tokens");
    assertEquals(
        """
        {"id":"%s","object":"response","created_at":1700000000,"status":"completed",\
        "background":false,"error":null,"incomplete_details":null,"instructions":"Be kind",\
        "max_output_tokens":null,"metadata":{"a":"b"},"model":"tiny",\
        "output":[{"id":"msg_%s_0","type":"message","status":"completed","role":"assistant",\
        "content":[{"type":"output_text","text":"Hello","annotations":[],"logprobs":[]}]}],\
        "parallel_tool_calls":true,"previous_response_id":null,\
        "reasoning":{"effort":null,"summary":null},"service_tier":"default","store":true,\
        "temperature":0.5,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],\
        "top_p":1.0,"truncation":"disabled","usage":{"input_tokens":%d,\
        "input_tokens_details":{"cached_tokens":2},"output_tokens":5,\
        "output_tokens_details":{"reasoning_tokens":0},"total_tokens":%d},"user":null}\
        """
            .formatted(id, id.substring("resp_".length()), input, input + 5),
        response.encode());
  }

  private static List<JsonObject> events(HttpResponse<String> response) {
    assertEquals(200, response.statusCode(), response.body());
    List<JsonObject> events = new ArrayList<>();
    for (String event : response.body().split("\n\n")) {
      JsonObject data = new JsonObject(event.substring(event.indexOf("data: ") + 6));
      assertEquals("event: " + data.getString("type"), event.lines().findFirst().orElse(""));
      assertEquals(events.size(), data.getInteger("sequence_number"));
      events.add(data);
    }
    return events;
  }

  private static List<String> types(List<JsonObject> events) {
    return events.stream().map(event -> event.getString("type")).toList();
  }

  @Test
  void aStreamTellsTheResponseInEvents() throws Exception {
    server.engine.answer("Hi");
    HttpResponse<String> stream = server.post(PATH, body(",\"stream\":true"));
    List<JsonObject> events = events(stream);
    assertFalse(stream.body().contains("[DONE]"));
    assertEquals(
        List.of(
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed"),
        types(events));
    JsonObject delta = events.get(4);
    assertEquals("H", delta.getString("delta"));
    assertEquals(0, delta.getInteger("output_index"));
    assertEquals(0, delta.getInteger("content_index"));
    assertEquals(events.get(2).getJsonObject("item").getString("id"), delta.getString("item_id"));
    assertEquals("Hi", events.get(6).getString("text"));
    JsonObject created = events.getFirst().getJsonObject("response");
    assertEquals("in_progress", created.getString("status"));
    assertNull(created.getJsonObject("usage"));
    JsonObject completed = events.getLast().getJsonObject("response");
    assertEquals("Hi", text(completed));
    assertEquals(2, completed.getJsonObject("usage").getInteger("output_tokens"));
    assertEquals(created.getString("id"), completed.getString("id"));
  }

  @Test
  void anAnswerThatIsTooLongIsIncomplete() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.tokens(0, "abc");
          submission.finish(0, FinishReason.LENGTH);
        });
    JsonObject whole = server.json(PATH, body(",\"max_output_tokens\":3"));
    List<JsonObject> events =
        events(server.post(PATH, body(",\"max_output_tokens\":3,\"stream\":true")));
    assertEquals("response.incomplete", events.getLast().getString("type"));
    for (JsonObject response : List.of(whole, events.getLast().getJsonObject("response"))) {
      assertEquals("incomplete", response.getString("status"));
      assertEquals(
          "max_output_tokens", response.getJsonObject("incomplete_details").getString("reason"));
    }
  }

  @Test
  void aFailureInAStreamIsAFailedResponse() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.tokens(0, "a");
          submission.fail(0, new Failure.EngineFailed("broken"));
        });
    JsonObject last = events(server.post(PATH, body(",\"stream\":true"))).getLast();
    assertEquals("response.failed", last.getString("type"));
    JsonObject response = last.getJsonObject("response");
    assertEquals("failed", response.getString("status"));
    assertEquals(
        new JsonObject().put("code", "server_error").put("message", "broken"),
        response.getJsonObject("error"));
    assertEquals(404, server.get(PATH + "/" + response.getString("id")).statusCode());
  }

  @Test
  void failuresBeforeTheStreamHaveTheirStatus() throws Exception {
    server.engine.script(submission -> submission.refuse("The queue is full.", 2_001));
    HttpResponse<String> full = server.post(PATH, body(",\"stream\":true"));
    assertEquals(429, full.statusCode());
    assertEquals("overloaded", error(full).getString("code"));
    HttpResponse<String> unknown = server.post(PATH, body("").replace("tiny", "nobody"));
    assertEquals(404, unknown.statusCode());
    assertEquals("model_not_found", error(unknown).getString("code"));
    HttpResponse<String> tooLong = server.post(PATH, body(",\"max_output_tokens\":5000"));
    assertEquals(400, tooLong.statusCode());
    assertEquals("input", error(tooLong).getString("param"));
    assertEquals(405, server.get(PATH).statusCode());
  }

  private static JsonObject error(HttpResponse<String> response) {
    return new JsonObject(response.body()).getJsonObject("error");
  }

  @Test
  void itemsBecomeTheChatOfTheModel() throws Exception {
    String prompt =
        prompt(
            """
            {"model":"tiny","instructions":"Be kind","input":[
              {"role":"user","content":[{"type":"input_text","text":"a"}]},
              {"type":"reasoning","id":"rs_1","summary":[]},
              {"type":"message","role":"assistant","id":"msg_1","status":"completed",
               "content":[{"type":"output_text","text":"b","annotations":[],"logprobs":[]}]},
              {"role":"user","content":"c"}]}
            """,
            "ok");
    assertEquals("system\nBe kind\nuser\na\nassistant\nb\nuser\nc\nassistant\n", prompt);
  }

  @Test
  void aConversationGoesOnFromAResponse() throws Exception {
    server.engine.answer("one");
    String first = server.json(PATH, body(",\"instructions\":\"x\"")).getString("id");
    String next = body(",\"previous_response_id\":\"%s\"".formatted(first));
    assertEquals("user\nHi\nassistant\none\nuser\nHi\nassistant\n", prompt(next, "two"));
    server.engine.answer("three");
    String second = server.json(PATH, next).getString("id");
    assertEquals(
        "user\nHi\nassistant\none\nuser\nHi\nassistant\nthree\nuser\nHi\nassistant\n",
        prompt(body(",\"previous_response_id\":\"%s\"".formatted(second)), "four"));
    HttpResponse<String> unknown =
        server.post(PATH, body(",\"previous_response_id\":\"resp_unknown\""));
    assertEquals(400, unknown.statusCode());
    assertEquals("previous_response_id", error(unknown).getString("param"));
    assertEquals("previous_response_not_found", error(unknown).getString("code"));
  }

  @Test
  void aResponseIsKeptUntilItIsDeleted() throws Exception {
    server.engine.answer("kept");
    JsonObject response = server.json(PATH, body(""));
    String one = PATH + "/" + response.getString("id");
    HttpResponse<String> shown = server.get(one);
    assertEquals(200, shown.statusCode());
    assertEquals(response, new JsonObject(shown.body()));
    HttpRequest delete = HttpRequest.newBuilder(server.uri(one)).DELETE().build();
    assertEquals(
        new JsonObject()
            .put("id", response.getString("id"))
            .put("object", "response")
            .put("deleted", true),
        new JsonObject(server.send(delete).body()));
    assertEquals(404, server.send(delete).statusCode());
    assertEquals(404, server.get(one).statusCode());
    JsonObject loose = server.json(PATH, body(",\"store\":false"));
    assertFalse(loose.getBoolean("store"));
    assertEquals(404, server.get(PATH + "/" + loose.getString("id")).statusCode());
    assertEquals(405, server.post(one, "{}").statusCode());
  }

  @Test
  void aRememberedAnswerIsAResponseOfItsOwn() throws Exception {
    server.engine.answer("remembered");
    for (String stream : List.of("", ",\"stream\":true")) {
      String body = body(",\"temperature\":0" + stream);
      HttpResponse<String> first = server.post(PATH, body + " ");
      HttpResponse<String> again =
          server.post(PATH, body(",\"metadata\":{\"b\":\"c\"},\"temperature\":0" + stream));
      assertEquals("HIT-L1", again.headers().firstValue("X-Cache").orElse(""), stream);
      String id = id(again);
      assertNotEquals(id(first), id);
      assertTrue(again.body().contains("\"metadata\":{\"b\":\"c\"}"), again.body());
      assertEquals("remembered", text(new JsonObject(server.get(PATH + "/" + id).body())));
    }
  }

  private static String id(HttpResponse<String> response) {
    return response.body().replaceAll("(?s).*?\"id\":\"(resp_[0-9a-f]+)\".*", "$1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"background\":true|background",
        "\"truncation\":\"auto\"|truncation",
        "\"conversation\":\"c\"|conversation",
        "\"prompt\":{}|prompt",
        "\"max_tool_calls\":1|max_tool_calls",
        "\"include\":[\"web_search_call.results\"]|include[0]",
        "\"tools\":[{\"type\":\"web_search\"}]|tools[0].type",
        "\"text\":{\"format\":{\"type\":\"grammar\"}}|text.format.type",
        "\"reasoning\":{\"summary\":\"auto\"}|reasoning.summary",
        "\"temperature\":3|temperature",
        "\"max_output_tokens\":0|max_output_tokens",
        "\"top_logprobs\":2|top_logprobs",
        "\"surprise\":1|surprise",
      })
  void whatCannotBeHonouredIsRefusedByName(String field, String param) throws Exception {
    HttpResponse<String> response = server.post(PATH, body("," + field));
    assertEquals(400, response.statusCode(), response.body());
    assertEquals(param, error(response).getString("param"), response.body());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "3|input",
        "[]|input",
        "[3]|input[0]",
        "[{\"role\":\"nobody\",\"content\":\"x\"}]|input[0].role",
        "[{\"role\":\"user\"}]|input[0].content",
        "[{\"type\":\"item_reference\",\"id\":\"x\"}]|input[0].type",
        "[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"u\"}]}]"
            + "|input[0].content[0].type",
        "[{\"role\":\"user\",\"content\":[{\"type\":\"input_file\"}]}]|input[0].content[0].type",
        "[{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"{}\"}]|input[0].call_id",
        "[{\"type\":\"function_call_output\",\"call_id\":\"c\"}]|input[0].output",
      })
  void aWrongInputIsRefusedByThePlaceOfItsMistake(String input, String param) throws Exception {
    HttpResponse<String> response =
        server.post(PATH, "{\"model\":\"tiny\",\"input\":%s}".formatted(input));
    assertEquals(400, response.statusCode(), response.body());
    assertEquals(param, error(response).getString("param"), response.body());
  }

  @Test
  void whatChangesNothingIsTaken() throws Exception {
    server.engine.answer("ok");
    server.json(
        PATH,
        body(
            ",\"background\":false,\"truncation\":\"disabled\",\"service_tier\":\"auto\","
                + "\"include\":[\"reasoning.encrypted_content\"],\"tools\":[],"
                + "\"text\":{\"format\":{\"type\":\"text\"},\"verbosity\":\"medium\"},"
                + "\"reasoning\":{\"effort\":null},\"tool_choice\":\"auto\",\"user\":\"ada\","
                + "\"stream_options\":{\"include_obfuscation\":false},\"top_logprobs\":0"));
  }

  @Test
  void aCallerWhoLeavesCancelsTheResponse() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.tokens(0, "a");
        });
    try (InputStream events =
        server.open(server.request(PATH, body(",\"stream\":true")).build()).body()) {
      assertEquals('e', events.read());
    }
    assertEquals(1, server.engine.awaitCancel().size());
  }

  @Test
  void anAnswerWithoutTextHasNoItems() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.finish(0, FinishReason.STOP);
        });
    assertEquals(new JsonArray(), server.json(PATH, body("")).getJsonArray("output"));
  }
}
