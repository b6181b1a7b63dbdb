package io.fullbore.stub;

import static io.fullbore.stub.StubCaller.CHAT;
import static io.fullbore.stub.StubCaller.body;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.Eventually;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class StubUpstreamTest {
  private StubCaller caller;
  private StubUpstream stub;

  @BeforeEach
  void start() throws Exception {
    caller = new StubCaller();
    stub = caller.stub;
  }

  @AfterEach
  void stop() throws Exception {
    caller.close();
  }

  private static JsonObject choice(JsonObject answer) {
    return answer.getJsonArray("choices").getJsonObject(0);
  }

  private static List<JsonObject> deltas(List<JsonObject> events) {
    return events.stream()
        .filter(event -> !event.getJsonArray("choices").isEmpty())
        .map(event -> choice(event).getJsonObject("delta"))
        .toList();
  }

  private static String joined(List<JsonObject> deltas, String field) {
    return deltas.stream().map(delta -> delta.getString(field, "")).collect(Collectors.joining());
  }

  @Test
  void aWholeAnswerHasTextAndUsage() throws Exception {
    JsonObject answer = caller.json(CHAT, body(false, ""));
    assertEquals(Words.text(8), choice(answer).getJsonObject("message").getString("content"));
    assertEquals("stop", choice(answer).getString("finish_reason"));
    assertEquals(8, answer.getJsonObject("usage").getInteger("completion_tokens"));
  }

  @Test
  void aStreamSaysTheSameAndEnds() throws Exception {
    String text = caller.post(CHAT, body(true, "")).body();
    assertTrue(text.endsWith("data: [DONE]\n\n"));
    List<JsonObject> events = caller.events(CHAT, body(true, ""));
    List<JsonObject> deltas = deltas(events);
    assertEquals("assistant", deltas.getFirst().getString("role"));
    assertEquals(Words.text(8), joined(deltas, "content"));
    assertEquals("stop", choice(events.getLast()).getString("finish_reason"));
    assertFalse(events.getLast().containsKey("usage"));
  }

  @Test
  void usageIsStreamedWhereItIsAskedForAndKnown() throws Exception {
    String asks = body(true, ",\"stream_options\":{\"include_usage\":true}");
    JsonObject last = caller.events(CHAT, asks).getLast();
    assertEquals(new JsonArray(), last.getJsonArray("choices"));
    assertEquals(8, last.getJsonObject("usage").getInteger("completion_tokens"));
    stub.always(StubBehaviour.PLAIN.with(AnswerShape.PLAIN.withoutUsage()));
    assertFalse(caller.events(CHAT, asks).getLast().containsKey("usage"));
    assertFalse(caller.json(CHAT, body(false, "")).containsKey("usage"));
  }

  @Test
  void aRequestMayWantFewerTokensAndSeveralChoices() throws Exception {
    String more = ",\"max_completion_tokens\":2,\"n\":3";
    JsonArray choices = caller.json(CHAT, body(false, more)).getJsonArray("choices");
    assertEquals(3, choices.size());
    assertEquals("length", choices.getJsonObject(2).getString("finish_reason"));
    assertEquals(3 * (1 + 2 + 1), caller.events(CHAT, body(true, more)).size());
  }

  @Test
  void toolCallsComeInPieces() throws Exception {
    stub.always(
        StubBehaviour.PLAIN.with(AnswerShape.PLAIN.withToolCalls(2).withReasoningTokens(3)));
    String tools = ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"look\"}}]";
    JsonObject message = choice(caller.json(CHAT, body(false, tools))).getJsonObject("message");
    JsonObject second =
        message.getJsonArray("tool_calls").getJsonObject(1).getJsonObject("function");
    assertEquals("look", second.getString("name"));
    assertEquals(Words.toolArguments(), second.getString("arguments"));
    assertEquals(Words.text(3), message.getString("reasoning_content"));

    List<JsonObject> deltas = deltas(caller.events(CHAT, body(true, tools)));
    assertEquals(Words.text(3), joined(deltas, "reasoning_content"));
    String arguments =
        deltas.stream()
            .filter(delta -> delta.containsKey("tool_calls"))
            .map(delta -> delta.getJsonArray("tool_calls").getJsonObject(0))
            .filter(call -> call.getInteger("index") == 1)
            .map(call -> call.getJsonObject("function").getString("arguments"))
            .collect(Collectors.joining());
    assertEquals(Words.toolArguments(), arguments);
  }

  @Test
  void textCompletionsHaveText() throws Exception {
    String prompt = "{\"model\":\"m\",\"stream\":%s,\"prompt\":\"Hi\"}";
    assertEquals(
        Words.text(8),
        choice(caller.json("/v1/completions", prompt.formatted(false))).getString("text"));
    assertEquals(
        Words.text(8),
        caller.events("/v1/completions", prompt.formatted(true)).stream()
            .map(event -> choice(event).getString("text"))
            .collect(Collectors.joining()));
  }

  @Test
  void azureNamesTheModelInThePathAndFiltersFirst() throws Exception {
    String path = "/openai/deployments/gpt/chat/completions";
    assertEquals(404, caller.post(path, body(true, "")).statusCode());
    List<JsonObject> events = caller.events(path + "?api-version=2024-10-21", body(true, ""));
    assertEquals(new JsonArray(), events.getFirst().getJsonArray("choices"));
    assertEquals("gpt", events.getLast().getString("model"));
  }

  @Test
  void requestsThatMakeNoSenseAreRefused() throws Exception {
    assertEquals(400, caller.post(CHAT, "{").statusCode());
    assertEquals(400, caller.post(CHAT, "{\"messages\":[]}").statusCode());
    assertEquals(400, caller.post(CHAT, "{\"model\":\"m\"}").statusCode());
    assertEquals(
        404, caller.post(CHAT, "{\"model\":\"no-such-model\",\"messages\":[]}").statusCode());
    assertEquals(404, caller.get("/v2").statusCode());
    assertEquals(200, caller.get("/v1/models").statusCode());
  }

  @Test
  void theScriptGoesFirst() throws Exception {
    stub.next(StubBehaviour.of(Fault.status(503)), StubBehaviour.PLAIN);
    stub.next(StubBehaviour.of(Fault.status(429).withRetryAfter("2")));
    assertEquals(503, caller.post(CHAT, body(false, "")).statusCode());
    assertEquals(200, caller.post(CHAT, body(false, "")).statusCode());
    var refused = caller.post(CHAT, body(false, ""));
    assertEquals(429, refused.statusCode());
    assertEquals("2", refused.headers().firstValue("Retry-After").orElse(""));
    assertEquals(200, caller.post(CHAT, body(false, "")).statusCode());
    assertEquals(Map.of(200, 2, 429, 1, 503, 1), stub.counts().statuses());
  }

  @Test
  void theScriptCanBeChangedOverHttp() throws Exception {
    assertEquals(200, caller.post("/stub/behaviour", "{\"answer\":{\"tokens\":1}}").statusCode());
    assertEquals(
        200, caller.post("/stub/next", "[{\"faults\":[{\"kind\":\"status\"}]}]").statusCode());
    assertEquals(500, caller.post(CHAT, body(false, "")).statusCode());
    assertEquals(
        Words.text(1),
        choice(caller.json(CHAT, body(false, ""))).getJsonObject("message").getString("content"));
    assertEquals(400, caller.post("/stub/behaviour", "{\"speed\":1}").statusCode());
    assertEquals(400, caller.post("/stub/next", "{}").statusCode());
    assertEquals(2, new JsonObject(caller.get("/stub/stats").body()).getInteger("requests"));
  }

  @Test
  void requestsAreKept() throws Exception {
    caller.post(CHAT + "?a=b", body(false, ""));
    StubRequest seen = stub.requests().getFirst();
    assertEquals(CHAT, seen.path());
    assertEquals(CHAT + "?a=b", seen.uri());
    assertEquals("2023-06-01", seen.header("Anthropic-Version"));
    assertEquals("m", seen.json().getString("model"));
    assertEquals(StubRequest.End.ANSWERED, seen.end());
  }

  @Test
  void aCallerThatGoesAwayIsNoticed() throws Exception {
    stub.next(StubBehaviour.PLAIN.with(Pace.INSTANT.withLatency(Latency.fixed(60_000))));
    try (Socket _ = caller.ask(body(true, ""))) {
      Eventually.await(() -> stub.counts().concurrent() == 1);
      assertNull(stub.requests().getFirst().end());
    }
    Eventually.await(() -> stub.counts().closedEarly() == 1);
    StubRequest left = stub.requests().getFirst();
    assertTrue(left.closedEarly());
    assertTrue(left.endedAfterNanos().orElseThrow() > 0);
    assertEquals(0, stub.counts().concurrent());
  }

  @Test
  void moreAtOnceThanAllowedAreRefused() throws Exception {
    stub.always(
        StubBehaviour.PLAIN.with(
            Pace.INSTANT.withLatency(Latency.fixed(60_000)).withMaxConcurrent(1)));
    try (Socket _ = caller.ask(body(true, ""))) {
      Eventually.await(() -> stub.counts().concurrent() == 1);
      var refused = caller.post(CHAT, body(false, ""));
      assertEquals(429, refused.statusCode());
      assertEquals("1", refused.headers().firstValue("Retry-After").orElse(""));
      assertEquals(2, stub.counts().peakConcurrent());
    }
  }

  @Test
  void latencyAndSpeedTakeTheirTime() throws Exception {
    stub.always(
        StubBehaviour.PLAIN.with(
            Pace.INSTANT.withLatency(Latency.fixed(40)).withTokensPerSecond(200)));
    long startNanos = System.nanoTime();
    caller.post(CHAT, body(false, ""));
    long wholeNanos = System.nanoTime() - startNanos;
    caller.post(CHAT, body(true, ""));
    long streamNanos = System.nanoTime() - startNanos - wholeNanos;
    long leastNanos = TimeUnit.MILLISECONDS.toNanos(40 + 8 * 5 - 2);
    assertTrue(wholeNanos > leastNanos, () -> "whole in " + wholeNanos);
    assertTrue(streamNanos > leastNanos, () -> "stream in " + streamNanos);
  }

  @Test
  void oneThatWasClosedStartsAgainOnItsPort() throws Exception {
    int port = stub.port();
    stub.close();
    stub = StubUpstream.start(caller.vertx, port, StubBehaviour.PLAIN);
    assertEquals(200, caller.get("/v1/models").statusCode());
    assertEquals(port, stub.port());
  }
}
