package io.fullbore.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.fullbore.stub.AnswerShape;
import io.fullbore.stub.Fault;
import io.fullbore.stub.StubBehaviour;
import io.fullbore.stub.StubRequest;
import io.fullbore.stub.StubUpstream;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** The whole server with the demo model before an upstream that costs money and knows secrets. */
@Timeout(120)
class HybridGatewayTest {
  private static final String ADMIN = "canary-of-the-admin";
  private static final String UPSTREAM_KEY = "canary-of-the-upstream";
  private static final String UPSTREAM_HEADER = "canary-of-a-header";
  private static final String PRIVATE_HEADER = "canary-of-the-caller";

  /** Micros for a token of an answer. */
  private static final long ANSWER_PRICE = 10;

  private static final ListAppender<ILoggingEvent> LOG = new ListAppender<>();

  private final Vertx vertx = Vertx.vertx();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final List<String> received = new ArrayList<>();
  private StubUpstream stub;
  private RunningServer server;

  @BeforeEach
  void serve() throws Exception {
    LOG.list = new CopyOnWriteArrayList<>();
    LOG.start();
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).addAppender(LOG);
    stub = StubUpstream.start(vertx, StubBehaviour.PLAIN);
    var settings = new HashMap<String, String>();
    settings.put("auth.adminKey", ADMIN);
    settings.put("upstreams.0.name", "cloud");
    settings.put("upstreams.0.baseUrl", stub.url() + "/v1");
    settings.put("upstreams.0.apiKey", UPSTREAM_KEY);
    settings.put("upstreams.0.headers.0.name", "X-Organisation");
    settings.put("upstreams.0.headers.0.value", UPSTREAM_HEADER);
    settings.put("upstreams.0.maxRetries", "0");
    settings.put("upstreams.0.models.0.name", "big");
    settings.put("upstreams.0.models.0.maxAnswerTokens", "100");
    settings.put(
        "upstreams.0.models.0.answerMicrosPerMillion", Long.toString(ANSWER_PRICE * 1_000_000));
    settings.put("aliases.0.name", "chat");
    settings.put("aliases.0.policy", "upstream_first");
    settings.put("aliases.0.targets.0.model", "fullbore-demo");
    settings.put("aliases.0.targets.1.upstream", "cloud");
    settings.put("aliases.0.targets.1.model", "big");
    server = RunningServer.start("builtin:fullbore-demo", settings);
  }

  @AfterEach
  void close() throws Exception {
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).detachAppender(LOG);
    server.close();
    stub.close();
    vertx.close().await();
  }

  private HttpResponse<String> send(HttpRequest request) throws Exception {
    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
    received.add(response.headers().map() + response.body());
    return response;
  }

  private HttpResponse<String> admin(String path) throws Exception {
    return send(
        HttpRequest.newBuilder(server.uri(path))
            .header("Authorization", "Bearer " + ADMIN)
            .build());
  }

  /** The secret and the id of a new key. */
  private JsonObject key(JsonObject spec) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(server.uri("/admin/keys"))
            .header("Authorization", "Bearer " + ADMIN)
            .POST(HttpRequest.BodyPublishers.ofString(spec.put("owner", "Ada").encode()))
            .build();
    return new JsonObject(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
  }

  private static JsonObject budget(long micros) {
    return new JsonObject().put("limits", new JsonObject().put("day_budget_micros", micros));
  }

  private HttpResponse<String> chat(JsonObject key, String model, boolean stream) throws Exception {
    JsonObject message = new JsonObject().put("role", "user").put("content", "Hello!");
    JsonObject body =
        new JsonObject()
            .put("model", model)
            .put("stream", stream)
            .put("messages", new JsonArray().add(message));
    return send(
        server
            .chatRequest(body)
            .header("Authorization", "Bearer " + key.getString("key"))
            .header("Cookie", PRIVATE_HEADER)
            .header("X-Private", PRIVATE_HEADER)
            .build());
  }

  private static String servedBy(HttpResponse<String> response) {
    return response.headers().firstValue("X-Served-By").orElse("nobody");
  }

  /** What the reports say of a key's use of the upstream's model. */
  private JsonObject used(JsonObject key) throws Exception {
    LocalDate today = LocalDate.now(ZoneOffset.UTC);
    String path = "/admin/usage?from=%s&to=%s".formatted(today.minusDays(1), today.plusDays(1));
    return new JsonObject(admin(path).body())
        .getJsonArray("data").stream()
            .map(JsonObject.class::cast)
            .filter(row -> key.getString("id").equals(row.getString("key_id")))
            .filter(row -> "cloud/big".equals(row.getString("model")))
            .findFirst()
            .orElseThrow();
  }

  @Test
  void whatAnUpstreamUsedIsSettledByItsOwnCount() throws Exception {
    for (boolean stream : List.of(false, true)) {
      JsonObject key = key(budget(1_000_000));
      assertEquals("cloud", servedBy(chat(key, "chat", stream)));
      JsonObject used = used(key);
      assertEquals(8, used.getLong("answer_tokens"), used::encode);
      assertEquals(8 * ANSWER_PRICE, used.getLong("cost_micros"), used::encode);
    }
  }

  @Test
  void whatAnUpstreamDoesNotCountIsCountedHere() throws Exception {
    for (boolean stream : List.of(false, true)) {
      stub.next(StubBehaviour.PLAIN.with(AnswerShape.PLAIN.withoutUsage()));
      JsonObject key = key(budget(1_000_000));
      assertEquals(200, chat(key, "big", stream).statusCode());
      JsonObject used = used(key);
      assertTrue(used.getLong("answer_tokens") > 0, used::encode);
      assertTrue(used.getLong("prompt_tokens") > 0, used::encode);
      assertEquals(
          used.getLong("answer_tokens") * ANSWER_PRICE, used.getLong("cost_micros"), used::encode);
    }
  }

  @Test
  void whatAKeyCannotPayStaysLocal() throws Exception {
    JsonObject key = key(budget(100 * ANSWER_PRICE)); // the longest answer, once
    assertEquals("cloud", servedBy(chat(key, "chat", false)));
    assertEquals("local", servedBy(chat(key, "chat", false)));
    HttpResponse<String> refused = chat(key, "big", false);
    assertEquals(429, refused.statusCode(), refused.body());
    assertTrue(refused.headers().firstValue("Retry-After").isPresent());
  }

  @Test
  void whatAKeyMayNotForwardStaysLocal() throws Exception {
    int asked = stub.requests().size();
    JsonObject key = key(new JsonObject().put("forward", false));
    assertEquals("local", servedBy(chat(key, "chat", false)));
    assertEquals(403, chat(key, "big", false).statusCode());
    assertEquals(asked, stub.requests().size());
  }

  @Test
  void noSecretLeavesInEitherDirection() throws Exception {
    JsonObject key = key(new JsonObject());
    for (boolean stream : List.of(false, true)) {
      for (Fault fault :
          List.of(
              Fault.of(Fault.Kind.ECHO_HEADERS).withStatus(400),
              Fault.of(Fault.Kind.ECHO_HEADERS).withStatus(401),
              Fault.of(Fault.Kind.ECHO_HEADERS).withStatus(500),
              Fault.of(Fault.Kind.CUT),
              Fault.of(Fault.Kind.BAD_JSON),
              Fault.of(Fault.Kind.RESET))) {
        stub.next(StubBehaviour.of(fault));
        chat(key, "big", stream);
      }
      chat(key, "chat", stream);
    }
    stub.next(StubBehaviour.of(Fault.of(Fault.Kind.ECHO_HEADERS).withStatus(429)));
    chat(key, "big", false);
    for (String path :
        List.of(
            "/",
            "/health",
            "/ready",
            "/v1/models",
            "/admin/keys",
            "/admin/usage",
            "/admin/cache")) {
      admin(path);
    }
    List<String> ours = List.of(UPSTREAM_KEY, UPSTREAM_HEADER, ADMIN, key.getString("key"));
    for (String text : received) {
      assertNone(text, ours);
    }
    for (ILoggingEvent event : LOG.list) {
      assertNone(event.getFormattedMessage(), ours);
    }
    assertTrue(stub.requests().size() > 10);
    for (StubRequest request : stub.requests()) {
      assertNone(
          request.uri() + request.headers() + request.body(),
          List.of(ADMIN, PRIVATE_HEADER, key.getString("key")));
      assertEquals("Bearer " + UPSTREAM_KEY, request.header("Authorization"));
    }
  }

  private static void assertNone(String text, List<String> secrets) {
    for (String secret : secrets) {
      assertFalse(text.contains(secret), () -> "a secret in: " + text);
    }
  }
}
