package io.fullbore.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * The demo model that the jar holds, over HTTP: prompts that it never saw in training, equally many
 * of every skill, chosen at random by {@code src/demo/served.py}.
 */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DemoModelTest {
  private static final String MODEL = "/io/fullbore/demo/fullbore-demo.gguf";
  private static final String PROMPTS = "/io/fullbore/demo/heldout.jsonl";
  private static final long MOST_BYTES = 6_000_000;
  private static final int FEWEST_PROMPTS = 60;
  private static final int RIGHT_PERCENT = 90;

  private RunningServer server;

  private final HttpClient client = HttpClient.newHttpClient();

  @BeforeAll
  void serve() throws Exception {
    server = start();
  }

  RunningServer start() throws Exception {
    return RunningServer.start("builtin:fullbore-demo", 1);
  }

  @AfterAll
  void close() {
    if (server != null) {
      server.close();
    }
  }

  /** A prompt that asks for something else altogether. */
  @Test
  void anAnswerKeepsToAGrammar() throws Exception {
    JsonObject schema =
        new JsonObject(
            """
            {"type":"object","properties":{"city":{"enum":["Paris","Rome"]},"n":{"type":"integer",
             "minimum":10,"maximum":99}},"required":["city","n"],"additionalProperties":false}\
            """);
    JsonObject format =
        new JsonObject()
            .put("type", "json_schema")
            .put(
                "json_schema",
                new JsonObject().put("name", "x").put("strict", true).put("schema", schema));
    JsonObject answer = new JsonObject(constrained("response_format", format));
    assertTrue(Set.of("Paris", "Rome").contains(answer.getString("city")), answer.encode());
    assertTrue(answer.getInteger("n") >= 10 && answer.getInteger("n") < 100, answer.encode());
    assertTrue(constrained("guided_regex", "[a-c]{4}!").matches("[a-c]{4}!"));
    assertEquals("Maybe.", constrained("guided_choice", new JsonArray().add("Maybe.")));
    assertTrue(
        constrained("grammar", "root ::= \"<\" x \">\"\nx ::= \"é\" | [0-9]{2}")
            .matches("<(é|[0-9]{2})>"));
  }

  private String constrained(String name, Object value) throws Exception {
    JsonObject hello = new JsonObject().put("role", "user").put("content", "Hello!");
    RunningServer.Answer answer =
        whole(
                new JsonObject()
                    .put("model", "fullbore-demo")
                    .put("messages", new JsonArray().add(hello))
                    .put("temperature", 0)
                    .put(name, value))
            .get();
    assertEquals("stop", answer.finishReason(), answer.text());
    return answer.text();
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream input = DemoModelTest.class.getResourceAsStream(name)) {
      return Objects.requireNonNull(input, name).readAllBytes();
    }
  }

  private static List<JsonObject> prompts() throws IOException {
    String lines = new String(resource(PROMPTS), StandardCharsets.UTF_8);
    return lines.lines().map(JsonObject::new).toList();
  }

  /** Every so manyth prompt is asked. */
  int promptStep() {
    return 1;
  }

  /** Of the prompts asked. */
  int rightPercent() {
    return RIGHT_PERCENT;
  }

  private List<JsonObject> asked() throws IOException {
    List<JsonObject> all = prompts();
    return IntStream.iterate(0, i -> i < all.size(), i -> i + promptStep())
        .mapToObj(all::get)
        .toList();
  }

  private static JsonObject request(JsonObject prompt) {
    JsonObject body =
        new JsonObject()
            .put("model", "fullbore-demo")
            .put("messages", prompt.getJsonArray("messages"))
            .put("max_tokens", 200)
            .put("temperature", 0);
    JsonArray tools = prompt.getJsonArray("tools");
    return tools.isEmpty() ? body : body.put("tools", tools);
  }

  private CompletableFuture<RunningServer.Answer> whole(JsonObject body) {
    return client
        .sendAsync(server.chat(body), HttpResponse.BodyHandlers.ofString())
        .thenApply(
            response -> {
              assertEquals(200, response.statusCode(), response.body());
              return RunningServer.whole(new JsonObject(response.body()));
            });
  }

  private CompletableFuture<RunningServer.Answer> streamed(JsonObject body) {
    return client
        .sendAsync(
            server.chat(body.copy().put("stream", true)), HttpResponse.BodyHandlers.ofLines())
        .thenApply(response -> RunningServer.joined(response.body().toList()));
  }

  @Test
  void isSmall() throws IOException {
    assertTrue(resource(MODEL).length <= MOST_BYTES);
  }

  @Test
  void answersPromptsThatItNeverSaw() throws Exception {
    assertTrue(prompts().size() >= FEWEST_PROMPTS, "prompts=" + prompts().size());
    List<JsonObject> prompts = asked();
    List<CompletableFuture<RunningServer.Answer>> outcomes = new ArrayList<>();
    for (JsonObject prompt : prompts) {
      outcomes.add(whole(request(prompt)));
    }
    List<String> wrong = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      JsonObject prompt = prompts.get(i);
      RunningServer.Answer outcome = outcomes.get(i).get();
      boolean calls = outcome.text().startsWith("<tool_call>");
      assertEquals(calls ? "tool_calls" : "stop", outcome.finishReason(), prompt::encode);
      if (!outcome.text().equals(prompt.getString("answer"))) {
        wrong.add(prompt.encode() + " -> " + outcome.text());
      }
    }
    assertTrue(
        100 * (prompts.size() - wrong.size()) >= rightPercent() * prompts.size(),
        () -> String.join("\n", wrong));
  }

  @Test
  void streamsTheSameText() throws Exception {
    Set<String> skills = new HashSet<>();
    for (JsonObject prompt : asked()) {
      if (skills.add(prompt.getString("skill"))) {
        JsonObject body = request(prompt);
        assertEquals(whole(body).get(), streamed(body).get(), body::encode);
      }
    }
  }

  /** A question, the model's call, the tool's result, the answer: in both forms. */
  @Test
  void callsAToolAndAnswersFromItsResult() throws Exception {
    JsonObject prompt =
        new JsonObject(
            """
            {"messages":[{"role":"user","content":"How is the weather today in Venice"}],"tools":[
              {"type":"function","function":{"name":"city_weather",
               "description":"Looks up the weather of a city","parameters":{"type":"object",
               "properties":{"location":{"type":"string"}},"required":["location"]}}}]}\
            """);
    var call =
        new RunningServer.Answer(
            "<tool_call>\n{\"name\": \"city_weather\", \"arguments\": {\"location\": \"Venice\"}}"
                + "\n</tool_call>",
            "tool_calls");
    assertEquals(call, streamed(request(prompt)).get());
    HttpResponse<String> response =
        client.send(server.chat(request(prompt)), HttpResponse.BodyHandlers.ofString());
    JsonObject answer = new JsonObject(response.body());
    assertEquals(call, RunningServer.whole(answer));
    JsonObject message = answer.getJsonArray("choices").getJsonObject(0).getJsonObject("message");
    prompt
        .getJsonArray("messages")
        .add(message)
        .add(
            new JsonObject()
                .put("role", "tool")
                .put(
                    "tool_call_id",
                    message.getJsonArray("tool_calls").getJsonObject(0).getString("id"))
                .put("content", "{\"summary\": \"cloudy\", \"degrees\": 33}"));
    var last = new RunningServer.Answer("It is cloudy in Venice, 33 degrees.", "stop");
    assertEquals(last, whole(request(prompt)).get());
    assertEquals(last, streamed(request(prompt)).get());
  }

  @Test
  void saysThatItIsADemo() throws Exception {
    JsonObject hello = new JsonObject().put("role", "user").put("content", "Hello!");
    JsonObject prompt =
        new JsonObject().put("messages", new JsonArray().add(hello)).put("tools", new JsonArray());
    assertEquals(
        new RunningServer.Answer(
            "Hello! I am fullbore-demo, a tiny demo model. How can I help?", "stop"),
        streamed(request(prompt)).get());
  }
}
