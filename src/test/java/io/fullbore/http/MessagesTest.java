package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Anthropic's API before local models. */
@Timeout(30)
class MessagesTest {
  private static final String PATH = "/v1/messages";

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
    return """
    {"model":"tiny","max_tokens":20,"messages":[{"role":"user","content":"Hi"}]%s}\
    """
        .formatted(more);
  }

  /** The prompt that the model gets, while it answers "ok". */
  private static String prompt(String body) throws Exception {
    BlockingQueue<String> prompts = server.engine.promptsAnswered("ok");
    server.json(PATH, body);
    return prompts.poll(5, TimeUnit.SECONDS);
  }

  private static JsonObject error(int status, String type, HttpResponse<String> response) {
    assertEquals(status, response.statusCode(), response.body());
    JsonObject body = new JsonObject(response.body());
    assertEquals("error", body.getString("type"), response.body());
    assertEquals(type, body.getJsonObject("error").getString("type"), response.body());
    assertFalse(body.getJsonObject("error").getString("message").isEmpty());
    return body.getJsonObject("error");
  }

  @Test
  void aMessageIsAnswered() throws Exception {
    server.engine.answer("Hello");
    JsonObject answer = server.json(PATH, body(""));
    assertTrue(answer.getString("id").startsWith("msg_"));
    answer.remove("id");
    assertEquals(
        """
        {"type":"message","role":"assistant","model":"tiny",\
        "content":[{"type":"text","text":"Hello"}],\
        "stop_reason":"end_turn","stop_sequence":null,\
        "usage":{"input_tokens":%d,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,\
        "output_tokens":5}}\
        """
            .formatted(answer.getJsonObject("usage").getInteger("input_tokens")),
        answer.encode());
  }

  @Test
  void aStreamTellsTheMessageInEvents() throws Exception {
    server.engine.answer("Hi");
    HttpResponse<String> response = server.post(PATH, body(",\"stream\":true"));
    assertEquals("text/event-stream", response.headers().firstValue("Content-Type").orElse(""));
    String id = response.body().replaceAll("(?s).*\"id\":\"(msg_[0-9a-f]{32})\".*", "$1");
    int input =
        Integer.parseInt(
            response.body().replaceAll("(?s).*\"input_tokens\":([1-9][0-9]*).*", "$1"));
    assertEquals(
        """
        event: message_start
        data: {"type":"message_start","message":{"id":"%s","type":"message","role":"assistant",\
        "model":"tiny","content":[],"stop_reason":null,"stop_sequence":null,\
        "usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,\
        "output_tokens":0}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"H"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"i"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},\
        "usage":{"input_tokens":%d,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,\
        "output_tokens":2}}

        event: message_stop
        data: {"type":"message_stop"}

        """
            .formatted(id, input),
        response.body());
  }

  @Test
  void theReasonOfTheEndIsTold() throws Exception {
    server.engine.answer("one two three");
    JsonObject stopped = server.json(PATH, body(",\"stop_sequences\":[\"x\",\"tw\",\" three\"]"));
    assertEquals("stop_sequence", stopped.getString("stop_reason"));
    assertEquals("tw", stopped.getString("stop_sequence"));
    assertEquals("one ", stopped.getJsonArray("content").getJsonObject(0).getString("text"));
    String events = server.post(PATH, body(",\"stop_sequences\":[\"tw\"],\"stream\":true")).body();
    assertTrue(
        events.contains("{\"stop_reason\":\"stop_sequence\",\"stop_sequence\":\"tw\"}"), events);
    server.engine.script(
        submission -> {
          submission.accept();
          submission.tokens(0, "abc");
          submission.finish(0, FinishReason.LENGTH);
        });
    JsonObject cut = server.json(PATH, body(""));
    assertEquals("max_tokens", cut.getString("stop_reason"));
    server.engine.script(
        submission -> {
          submission.accept();
          submission.finish(0, FinishReason.STOP);
        });
    assertEquals(new JsonArray(), server.json(PATH, body("")).getJsonArray("content"));
  }

  @Test
  void turnsBecomeTheChatOfTheModel() throws Exception {
    String prompt =
        prompt(
            """
            {"model":"tiny","max_tokens":20,
             "system":[{"type":"text","text":"Be","cache_control":{"type":"ephemeral"}},
                       {"type":"text","text":"kind"}],
             "messages":[
               {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
               {"role":"assistant","content":"c"},
               {"role":"user","content":"d"}]}
            """);
    assertEquals("system\nBe\nkind\nuser\na\nb\nassistant\nc\nuser\nd\nassistant\n", prompt);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|'model'",
        "{\"model\":\"tiny\",\"messages\":[]}|'max_tokens'",
        "{\"model\":\"tiny\",\"max_tokens\":0,\"messages\":[]}|'max_tokens'",
        "{\"model\":\"tiny\",\"max_tokens\":1,\"messages\":[]}|'messages'",
        "{\"model\":\"tiny\",\"max_tokens\":1,\"messages\":[{\"role\":\"system\",\"content\":\"x\"}]}"
            + "|'system'",
        "{\"model\":\"tiny\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[]}]}"
            + "|'messages[0].content'",
        "{\"model\":\"tiny\",\"max_tokens\":1,\"system\":\"s\",\"messages\":[{\"role\":\"user\","
            + "\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"u\"}}]}]}"
            + "|'messages[0].content[0].type'",
        "{\"model\":\"tiny\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"x\"},"
            + "{\"role\":\"assistant\",\"content\":\"y\"}]}|'messages[1].role'",
      })
  void aWrongRequestIsRefusedByThePlaceOfItsMistake(String body, String named) throws Exception {
    JsonObject error = error(400, "invalid_request_error", server.post(PATH, body));
    assertTrue(error.getString("message").contains(named), error.encode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"temperature\":1.5|'temperature'",
        "\"top_p\":2|'top_p'",
        "\"stop_sequences\":[\"\"]|'stop_sequences[0]'",
        "\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}|'thinking.type'",
        "\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]|'tools[0].type'",
        "\"mcp_servers\":[]|'mcp_servers'",
        "\"surprise\":1|'surprise'",
        "\"metadata\":{\"user_id\":3}|'metadata.user_id'",
      })
  void whatCannotBeHonouredIsRefusedByName(String field, String named) throws Exception {
    JsonObject error = error(400, "invalid_request_error", server.post(PATH, body("," + field)));
    assertTrue(error.getString("message").contains(named), error.encode());
  }

  @Test
  void whatChangesNothingIsTaken() throws Exception {
    server.engine.answer("ok");
    server.json(
        PATH,
        body(
            ",\"thinking\":{\"type\":\"disabled\"},\"service_tier\":\"auto\","
                + "\"metadata\":{\"user_id\":\"ada\"},\"top_k\":5,\"top_p\":0.9,"
                + "\"temperature\":0.5,\"system\":\"\",\"stop_sequences\":[],\"tools\":[]"));
  }

  @Test
  void errorsHaveTheirTypes() throws Exception {
    error(400, "invalid_request_error", server.post(PATH, "{"));
    error(404, "not_found_error", server.post(PATH, body("").replace("tiny", "nobody")));
    error(405, "invalid_request_error", server.get(PATH));
    error(404, "not_found_error", server.get(PATH + "/batches"));
    error(
        413,
        "request_too_large",
        server.post(PATH, body(",\"system\":\"" + "x".repeat(100_000) + "\"")));
    error(
        400,
        "invalid_request_error",
        server.post(PATH, body("").replace("\"max_tokens\":20", "\"max_tokens\":5000")));
    server.engine.script(submission -> submission.refuse("The queue is full.", 2_001));
    HttpResponse<String> full = server.post(PATH, body(",\"stream\":true"));
    error(529, "overloaded_error", full);
    assertEquals("3", full.headers().firstValue("Retry-After").orElse(""));
    assertFailure(new Failure.Unavailable("away"), 529, "overloaded_error");
    assertFailure(new Failure.TimedOut("late"), 504, "timeout_error");
    assertFailure(new Failure.EngineFailed("broken"), 500, "api_error");
    assertFailure(new Failure.UpstreamFailed("gone"), 502, "api_error");
    assertFailure(new Failure.RateLimited("slowly", 1), 429, "rate_limit_error");
    assertFailure(new Failure.BudgetSpent("spent", 1), 429, "rate_limit_error");
    assertFailure(new Failure.Forbidden("not you"), 403, "permission_error");
    assertFailure(new Failure.Unauthorized("who?"), 401, "authentication_error");
    assertFailure(
        new Failure.UpstreamRejected(422, "no", "t", null, null), 422, "invalid_request_error");
  }

  private static void assertFailure(Failure failure, int status, String type) throws Exception {
    server.engine.script(submission -> submission.fail(0, failure));
    error(status, type, server.post(PATH, body("")));
  }

  @Test
  void aFailureInAStreamIsAnErrorEvent() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.tokens(0, "a");
          submission.fail(0, new Failure.EngineFailed("broken"));
        });
    String events = server.post(PATH, body(",\"stream\":true")).body();
    assertTrue(
        events.endsWith(
            """
            event: error
            data: {"type":"error","error":{"type":"api_error","message":"broken"}}

            """),
        events);
    assertFalse(events.contains("message_stop"), events);
  }

  @Test
  void aSilentStreamIsKeptAliveWithPings() throws Exception {
    try (ApiServer patient = ApiServer.withKeepAlive(10)) {
      BlockingQueue<ScriptedEngine.Submission> waiting = new LinkedBlockingQueue<>();
      patient.engine.script(
          submission -> {
            submission.accept();
            waiting.add(submission);
          });
      HttpResponse<InputStream> response =
          patient.open(patient.request(PATH, body(",\"stream\":true")).build());
      String ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
      assertEquals(
          ping, new String(response.body().readNBytes(ping.length()), StandardCharsets.UTF_8));
      ScriptedEngine.Submission submission = waiting.poll(5, TimeUnit.SECONDS);
      submission.tokens(0, "a");
      submission.finish(0, FinishReason.STOP);
      String rest = new String(response.body().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(rest.endsWith("data: {\"type\":\"message_stop\"}\n\n"), rest);
    }
  }

  @Test
  void aCallerWhoLeavesCancelsTheAnswer() throws Exception {
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
  void anEqualMessageIsAnsweredFromMemory() throws Exception {
    server.engine.answer("remembered");
    for (String stream : List.of("", ",\"stream\":true")) {
      String body = body(",\"temperature\":0" + stream);
      HttpResponse<String> first = server.post(PATH, body);
      HttpResponse<String> again = server.post(PATH, body);
      assertEquals("HIT-L1", again.headers().firstValue("X-Cache").orElse(""), stream);
      assertEquals(withoutIds(first.body()), withoutIds(again.body()));
    }
  }

  private static String withoutIds(String body) {
    return body.replaceAll("msg_[0-9a-f]+", "msg_").replaceAll("(?s)\"text_delta\".*?\n\n", "");
  }

  @Test
  void tokensAreCountedAsTheModelSeesThem() throws Exception {
    String body = "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    JsonObject count = server.json(PATH + "/count_tokens", body);
    server.engine.answer("ok");
    JsonObject usage = server.json(PATH, body("")).getJsonObject("usage");
    assertEquals(
        new JsonObject()
            .put(
                "input_tokens",
                usage.getInteger("input_tokens") + usage.getInteger("cache_read_input_tokens")),
        count);
    error(
        404,
        "not_found_error",
        server.post(PATH + "/count_tokens", body.replace("tiny", "nobody")));
    error(400, "invalid_request_error", server.post(PATH + "/count_tokens", "{}"));
  }
}
