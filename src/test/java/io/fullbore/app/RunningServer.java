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

  /** Joins the deltas of a stream that must end well. */
  static Answer joined(List<String> lines) {
    StringBuilder text = new StringBuilder();
    String finishReason = "";
    List<String> data = lines.stream().filter(line -> line.startsWith("data: ")).toList();
    assertEquals("data: [DONE]", data.getLast());
    for (String line : data.subList(0, data.size() - 1)) {
      JsonArray choices = new JsonObject(line.substring("data: ".length())).getJsonArray("choices");
      if (!choices.isEmpty()) {
        JsonObject choice = choices.getJsonObject(0);
        text.append(choice.getJsonObject("delta").getString("content", ""));
        finishReason = Objects.requireNonNullElse(choice.getString("finish_reason"), finishReason);
      }
    }
    return new Answer(text.toString(), finishReason);
  }

  @Override
  public void close() {
    assembly.close();
  }
}
