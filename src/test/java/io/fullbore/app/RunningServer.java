package io.fullbore.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fullbore.config.ConfigReader;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The whole server on a free port, with at most one model, and what a client of it needs. */
final class RunningServer implements AutoCloseable {
  /** What a streamed answer amounts to. */
  record Answer(String text, String finishReason) {}

  private final Assembly assembly;
  private final URI base;

  private RunningServer(Assembly assembly) throws IOException {
    this.assembly = assembly;
    this.base = URI.create("http://127.0.0.1:" + assembly.listen());
  }

  /**
   * @param model a path, or {@code builtin:NAME}
   */
  static RunningServer start(String model, int eventLoops) throws Exception {
    return start(model, Map.of("http.eventLoops", Integer.toString(eventLoops)));
  }

  /**
   * @param overrides of the configuration, by dotted path
   */
  static RunningServer start(String model, Map<String, String> overrides) throws Exception {
    var all = new HashMap<>(overrides);
    all.put("models.0.path", model);
    return start(all);
  }

  /**
   * With no models but those of the overrides.
   *
   * @param overrides of the configuration, by dotted path
   */
  static RunningServer start(Map<String, String> overrides) throws Exception {
    var all = new HashMap<>(overrides);
    all.put("http.port", "0");
    return new RunningServer(Assembly.start(new ConfigReader(Map.of()).read(null, all)));
  }

  Assembly assembly() {
    return assembly;
  }

  URI uri(String path) {
    return base.resolve(path);
  }

  /** A chat request. */
  HttpRequest chat(JsonObject body) {
    return chatRequest(body).build();
  }

  /** The same, to be completed. */
  HttpRequest.Builder chatRequest(JsonObject body) {
    return HttpRequest.newBuilder(uri("/v1/chat/completions"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body.encode()));
  }

  /**
   * A whole answer's message, or what the deltas of one add up to; calls as the demo writes them.
   */
  private static Answer answer(String content, JsonArray calls, String finishReason) {
    StringBuilder text = new StringBuilder(content);
    for (int i = 0; i < calls.size(); i++) {
      JsonObject function = calls.getJsonObject(i).getJsonObject("function");
      text.append(text.isEmpty() ? "" : "\n")
          .append(
              "<tool_call>\n{\"name\": \"%s\", \"arguments\": %s}\n</tool_call>"
                  .formatted(function.getString("name"), function.getString("arguments")));
    }
    return new Answer(text.toString(), finishReason);
  }

  /** What a whole answer amounts to. */
  static Answer whole(JsonObject answer) {
    JsonObject choice = answer.getJsonArray("choices").getJsonObject(0);
    JsonObject message = choice.getJsonObject("message");
    return answer(
        Objects.requireNonNullElse(message.getString("content"), ""),
        message.getJsonArray("tool_calls", new JsonArray()),
        choice.getString("finish_reason"));
  }

  /** Joins the deltas of a stream that must end well. */
  static Answer joined(List<String> lines) {
    StringBuilder text = new StringBuilder();
    JsonArray calls = new JsonArray();
    String finishReason = "";
    List<String> data = lines.stream().filter(line -> line.startsWith("data: ")).toList();
    assertEquals("data: [DONE]", data.getLast());
    for (String line : data.subList(0, data.size() - 1)) {
      JsonArray choices = new JsonObject(line.substring("data: ".length())).getJsonArray("choices");
      if (!choices.isEmpty()) {
        JsonObject choice = choices.getJsonObject(0);
        JsonObject delta = choice.getJsonObject("delta");
        text.append(delta.getString("content", ""));
        delta.getJsonArray("tool_calls", new JsonArray()).forEach(part -> add(calls, part));
        finishReason = Objects.requireNonNullElse(choice.getString("finish_reason"), finishReason);
      }
    }
    return answer(text.toString(), calls, finishReason);
  }

  /** A call's first piece names it, the others go on with its arguments. */
  private static void add(JsonArray calls, Object piece) {
    JsonObject call = (JsonObject) piece;
    int index = call.getInteger("index");
    if (call.containsKey("id")) {
      assertEquals(calls.size(), index);
      calls.add(call.copy());
    } else {
      JsonObject function = calls.getJsonObject(index).getJsonObject("function");
      function.put(
          "arguments",
          function.getString("arguments") + call.getJsonObject("function").getString("arguments"));
    }
  }

  @Override
  public void close() {
    assembly.close();
  }
}
