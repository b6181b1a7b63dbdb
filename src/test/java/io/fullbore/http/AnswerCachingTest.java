package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.cache.AnswerCache;
import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Answers that are remembered, and answers that are shared while they are produced. */
@Timeout(60)
class AnswerCachingTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final int CROWD = 1_000;

  private final BlockingQueue<ScriptedEngine.Submission> submissions = new LinkedBlockingQueue<>();
  private ApiServer server;

  @BeforeEach
  void start() throws Exception {
    server = new ApiServer(settings -> ApiServer.settings(0, CROWD + 10, 0, 0, 60_000));
    answer("abc");
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  /** Answers every request at once. */
  private void answer(String text) {
    finish(text, FinishReason.STOP);
  }

  private void finish(String text, FinishReason reason) {
    server.engine.script(
        submission -> {
          submissions.add(submission);
          submission.accept();
          submission.tokens(0, text);
          submission.finish(0, reason);
        });
  }

  /** Accepts requests, and leaves the rest to the test. */
  private void hold() {
    server.engine.script(
        submission -> {
          submissions.add(submission);
          submission.accept();
        });
  }

  private ScriptedEngine.Submission nextSubmission() throws InterruptedException {
    ScriptedEngine.Submission next = submissions.poll(10, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing reached the engine");
    }
    return next;
  }

  private static JsonObject body(String text) {
    return new JsonObject(
        """
        {"model": "tiny", "temperature": 0, "messages": [{"role": "user", "content": "%s"}]}\
        """
            .formatted(text));
  }

  private HttpResponse<String> post(JsonObject body, String... headers) throws Exception {
    HttpRequest.Builder request = server.request(CHAT, body.encode());
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return server.send(request.build());
  }

  private static String cache(HttpResponse<?> response) {
    return response.headers().firstValue("X-Cache").orElse("none");
  }

  /** What an answer says, its name and time left out. */
  private static JsonObject content(String json) {
    JsonObject answer = new JsonObject(json);
    answer.remove("id");
    answer.remove("created");
    return answer;
  }

  private static List<Object> events(Stream<String> lines) {
    return lines
        .filter(line -> line.startsWith("data: "))
        .map(line -> line.substring("data: ".length()))
        .<Object>map(data -> data.startsWith("{") ? content(data) : data)
        .toList();
  }

  private HttpResponse<InputStream> open(JsonObject body) throws Exception {
    return server.open(server.request(CHAT, body.copy().put("stream", true).encode()).build());
  }

  private static BufferedReader reader(HttpResponse<InputStream> response) {
    return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
  }

  /** Reads a stream up to the piece with this text. */
  private static void readTo(BufferedReader stream, String text) throws Exception {
    String line = stream.readLine();
    while (!line.contains("\"content\":\"" + text + "\"")) {
      line = stream.readLine();
    }
  }

  @Test
  void anEqualRequestIsAnsweredFromMemory() throws Exception {
    HttpResponse<String> first = post(body("Hi"));
    HttpResponse<String> second = post(body(" Hi "));
    assertEquals("MISS", cache(first));
    assertEquals("HIT-L1", cache(second));
    assertEquals("0", second.headers().firstValue("Age").orElse("none"));
    assertEquals(content(first.body()), content(second.body()));
    assertEquals("HIT-L1", cache(post(body("Hi"))));
    assertEquals("MISS", cache(post(body("hi"))));
    assertEquals(2, submissions.size());
    server.assertNothingLeft();
  }

  @Test
  void oneAnswerServesWholeAndStreamedRequests() throws Exception {
    JsonObject streamed =
        body("Hi")
            .put("stream", true)
            .put("stream_options", new JsonObject().put("include_usage", true));
    HttpResponse<String> original = post(streamed);
    HttpResponse<String> replayed = post(streamed);
    assertEquals("HIT-L1", cache(replayed));
    assertEquals(events(original.body().lines()), events(replayed.body().lines()));
    assertEquals("text/event-stream", replayed.headers().firstValue("Content-Type").orElse("none"));
    HttpResponse<String> whole = post(body("Hi"));
    assertEquals("HIT-L1", cache(whole));
    assertEquals(content(post(body("Hi"), "X-Cache", "bypass").body()), content(whole.body()));
    JsonObject withoutUsage = body("Hi").put("stream", true);
    assertEquals(
        events(post(withoutUsage, "X-Cache", "bypass").body().lines()),
        events(post(withoutUsage).body().lines()));
  }

  @Test
  void logProbabilitiesAndChoicesAreRemembered() throws Exception {
    server.engine.answer("ab", "cd");
    JsonObject scored = body("Hi").put("n", 2).put("logprobs", true).put("top_logprobs", 2);
    HttpResponse<String> first = post(scored);
    HttpResponse<String> second = post(scored);
    assertEquals("HIT-L1", cache(second));
    assertEquals(content(first.body()), content(second.body()));
    assertEquals("MISS", cache(post(body("Hi").put("n", 2))));
  }

  @Test
  void onlyWhatIsTheSameEveryTimeIsRemembered() throws Exception {
    JsonObject random = body("Hi").put("temperature", 1);
    assertEquals("BYPASS", cache(post(random)));
    assertEquals("BYPASS", cache(post(random)));
    assertEquals("MISS", cache(post(random.copy().put("seed", 1))));
    assertEquals("HIT-L1", cache(post(random.copy().put("seed", 1))));
    JsonObject withTools =
        body("Hi")
            .put("tools", new JsonArray("[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]"));
    assertEquals("BYPASS", cache(post(withTools)));
  }

  @Test
  void aHeaderChangesWhatIsRemembered() throws Exception {
    JsonObject random = body("Hi").put("temperature", 1);
    assertEquals("MISS", cache(post(random, "X-Cache", "force")));
    assertEquals("HIT-L1", cache(post(random, "X-Cache", "force")));
    assertEquals("BYPASS", cache(post(random, "X-Cache", "bypass")));
    answer("new");
    HttpResponse<String> refreshed = post(random, "X-Cache", "refresh");
    assertEquals("MISS", cache(refreshed));
    HttpResponse<String> after = post(random, "X-Cache", "force");
    assertEquals("HIT-L1", cache(after));
    assertEquals(content(refreshed.body()), content(after.body()));
    HttpResponse<String> wrong = post(random, "X-Cache", "maybe");
    assertEquals(400, wrong.statusCode());
    assertEquals("X-Cache", new JsonObject(wrong.body()).getJsonObject("error").getString("param"));
    assertEquals(400, post(random, "X-Cache-Tier", "gold").statusCode());
  }

  @Test
  void aRequestTakesAnAnswerIntoTheKnowledgeBase() throws Exception {
    post(body("Hi"));
    assertEquals("HIT-L1", cache(post(body("Hi"), "X-Cache-Tier", "knowledge")));
    server.parts.answers().purge(AnswerCache.Purge.KNOWLEDGE);
    assertEquals("MISS", cache(post(body("Hi"))));
  }

  @Test
  void whatWasCutOrFailedIsComputedAgain() throws Exception {
    finish("abc", FinishReason.LENGTH);
    assertEquals("MISS", cache(post(body("Hi"))));
    assertEquals("MISS", cache(post(body("Hi"))));
    server.engine.script(
        submission -> {
          submission.accept();
          submission.fail(0, new Failure.EngineFailed("broken"));
        });
    assertEquals(500, post(body("Hi")).statusCode());
    answer("abc");
    HttpResponse<String> last = post(body("Hi"));
    assertEquals("MISS", cache(last));
    assertEquals(200, last.statusCode());
  }

  @Test
  void usersDoNotSeeEachOthersAnswers() throws Exception {
    assertEquals("MISS", cache(post(body("Hi").put("user", "ann"))));
    assertEquals("HIT-L1", cache(post(body("Hi").put("user", "ann"))));
    assertEquals("HIT-L1", cache(post(body("Hi"), "X-User-Id", "ann")));
    assertEquals("MISS", cache(post(body("Hi").put("user", "bob"))));
    assertEquals("MISS", cache(post(body("Hi"))));
  }

  @Test
  void aThousandEqualRequestsReachTheEngineOnce() throws Exception {
    hold();
    List<CompletableFuture<HttpResponse<Stream<String>>>> answers = new ArrayList<>();
    HttpRequest request = server.request(CHAT, body("Hi").put("stream", true).encode()).build();
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      for (int i = 0; i < CROWD; i++) {
        answers.add(client.sendAsync(request, HttpResponse.BodyHandlers.ofLines()));
      }
      int joined = 0;
      for (var answer : answers) { // a stream's head comes when it has joined
        joined += cache(answer.get()).equals("JOIN") ? 1 : 0;
      }
      assertEquals(CROWD - 1, joined);
      ScriptedEngine.Submission only = nextSubmission();
      only.tokens(0, "abc");
      only.finish(0, FinishReason.STOP);
      List<Object> expected = events(answers.getFirst().get().body());
      assertEquals(6, expected.size());
      for (var answer : answers.subList(1, CROWD)) {
        assertEquals(expected, events(answer.get().body()));
      }
    }
    assertEquals(0, submissions.size());
    assertEquals(0, server.parts.flights().count());
    server.assertNothingLeft();
  }

  @Test
  void whoComesLateGetsWhatWasProducedAndFollows() throws Exception {
    hold();
    BufferedReader first = reader(open(body("Hi")));
    ScriptedEngine.Submission answer = nextSubmission();
    answer.tokens(0, "ab");
    readTo(first, "b");
    HttpResponse<InputStream> late = open(body("Hi"));
    assertEquals("JOIN", cache(late));
    BufferedReader second = reader(late);
    readTo(second, "a");
    readTo(second, "b");
    answer.tokens(0, "c");
    readTo(second, "c");
    answer.finish(0, FinishReason.STOP);
    assertTrue(second.lines().toList().contains("data: [DONE]"));
    assertTrue(first.lines().toList().contains("data: [DONE]"));
  }

  @Test
  void theOneWhoAskedFirstMayLeave() throws Exception {
    hold();
    HttpResponse<InputStream> first = open(body("Hi"));
    ScriptedEngine.Submission answer = nextSubmission();
    answer.tokens(0, "a");
    HttpResponse<InputStream> second = open(body("Hi"));
    first.body().close();
    HttpResponse<InputStream> third = open(body("Hi"));
    assertEquals("JOIN", cache(third));
    answer.tokens(0, "b");
    answer.finish(0, FinishReason.STOP);
    List<String> followed = reader(second).lines().toList();
    assertTrue(followed.contains("data: [DONE]"));
    assertEquals(events(followed.stream()), events(reader(third).lines()));
    assertEquals("HIT-L1", cache(post(body("Hi"))));
  }

  @Test
  void theLastOneWhoLeavesEndsTheAnswer() throws Exception {
    hold();
    HttpResponse<InputStream> first = open(body("Hi"));
    HttpResponse<InputStream> second = open(body("Hi"));
    ScriptedEngine.Submission answer = nextSubmission();
    first.body().close();
    second.body().close();
    assertEquals(List.of(answer.requests().getFirst().id()), server.engine.awaitCancel());
    answer("abc");
    HttpResponse<String> again = post(body("Hi"));
    assertEquals("MISS", cache(again));
    assertNotEquals(0, submissions.size());
    server.assertNothingLeft();
  }
}
