package io.fullbore.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** A server that has upstreams and not one model of its own. */
@Timeout(60)
class PureGatewayTest {
  private static final ListAppender<ILoggingEvent> LOG = new ListAppender<>();

  private static RunningServer server;

  private final HttpClient client = HttpClient.newHttpClient();

  @BeforeAll
  static void serve() throws Exception {
    var logger = (Logger) LoggerFactory.getLogger(Assembly.class);
    LOG.list = new CopyOnWriteArrayList<>();
    LOG.start();
    logger.addAppender(LOG);
    server =
        RunningServer.start(
            Map.of(
                "http.eventLoops", "1",
                "upstreams.0.name", "far",
                "upstreams.0.baseUrl", "http://127.0.0.1:1",
                "upstreams.0.models.0.name", "large",
                "aliases.0.name", "chat",
                "aliases.0.targets.0.upstream", "far",
                "aliases.0.targets.0.model", "large"));
    logger.detachAppender(LOG);
  }

  @AfterAll
  static void close() {
    server.close();
  }

  private HttpResponse<String> get(String path) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(server.uri(path)).build();
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void isHealthyAndReadyWithoutAnEngine() throws Exception {
    HttpResponse<String> health = get("/health");
    assertEquals(200, health.statusCode());
    assertEquals("{\"status\":\"ok\",\"engines\":{}}", health.body());
    HttpResponse<String> ready = get("/ready");
    assertEquals(200, ready.statusCode());
    assertEquals("{\"status\":\"ready\",\"waiting_for\":[]}", ready.body());
  }

  @Test
  void saysAtItsStartThatItForwardsEverything() {
    List<String> lines = LOG.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    assertTrue(lines.contains("no local models: every request is forwarded"), lines::toString);
    assertTrue(lines.getLast().endsWith(" and serves chat, large"), lines::toString);
  }

  @Test
  void aModelThatNobodyServesIsNotFound() throws Exception {
    var message = new JsonObject().put("role", "user").put("content", "Hello!");
    var body =
        new JsonObject().put("model", "nobody").put("messages", new JsonArray().add(message));
    HttpResponse<String> response =
        client.send(server.chat(body), HttpResponse.BodyHandlers.ofString());
    assertEquals(404, response.statusCode(), response.body());
  }
}
