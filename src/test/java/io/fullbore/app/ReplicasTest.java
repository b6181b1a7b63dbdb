package io.fullbore.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The demo model on two engines: the same answers, and both have their share of the work. */
class ReplicasTest extends DemoModelTest {
  private RunningServer server;

  @Override
  int promptStep() {
    return 4;
  }

  /** A small sample misses the model's own share by a few. */
  @Override
  int rightPercent() {
    return 80;
  }

  @Override
  RunningServer start() throws Exception {
    server = RunningServer.start("builtin:fullbore-demo", Map.of("engine.replicas", "2"));
    return server;
  }

  @Test
  void bothEnginesWork() throws Exception {
    answersPromptsThatItNeverSaw();
    var request = HttpRequest.newBuilder(server.uri("/health")).build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      String body = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
      JsonObject engines = new JsonObject(body).getJsonObject("engines");
      assertEquals(Set.of("fullbore-demo/0", "fullbore-demo/1"), engines.fieldNames());
      for (String name : engines.fieldNames()) {
        assertTrue(engines.getJsonObject(name).getLong("generated_tokens") > 0, body);
      }
    }
  }
}
