package io.fullbore.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.fullbore.redis.RedisServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** Keys, limits, budgets and remembered answers as the users of the whole server see them. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GatewayContract {
  private static final String ADMIN = "secret-of-the-admin";

  private static final ListAppender<ILoggingEvent> LOG = new ListAppender<>();

  private final RedisServer redis;
  private final String redisMode;
  private RunningServer server;

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /**
   * @param redisMode as the configuration names it
   */
  GatewayContract(RedisServer redis, String redisMode) {
    this.redis = redis;
    this.redisMode = redisMode;
  }

  @BeforeAll
  void serve() throws Exception {
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).addAppender(LOG);
    LOG.start();
    server =
        RunningServer.start(
            "builtin:fullbore-demo",
            Map.of(
                "redis.url",
                redis.url(),
                "redis.mode",
                redisMode,
                "redis.timeoutMs",
                "5000",
                "auth.adminKey",
                ADMIN,
                "batch.timeoutMs",
                "5",
                "prices.0.model",
                "fullbore-demo",
                "prices.0.answerMicrosPerMillion",
                "1000000"));
  }

  @AfterAll
  void close() {
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).detachAppender(LOG);
    server.close();
    redis.close();
  }

  private HttpResponse<String> send(HttpRequest request) throws Exception {
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest.Builder admin(String path) {
    return HttpRequest.newBuilder(server.uri(path)).header("Authorization", "Bearer " + ADMIN);
  }

  /** The secret of a new key. */
  private String key(JsonObject spec) throws Exception {
    return newKey(spec).getString("key");
  }

  private JsonObject newKey(JsonObject spec) throws Exception {
    HttpResponse<String> made =
        send(
            admin("/admin/keys")
                .POST(HttpRequest.BodyPublishers.ofString(spec.put("owner", "Ada").encode()))
                .build());
    assertEquals(201, made.statusCode(), made.body());
    return new JsonObject(made.body());
  }

  private static JsonObject limits(String name, long value) {
    return new JsonObject().put("limits", new JsonObject().put(name, value));
  }

  private HttpRequest chat(String key, JsonObject body) {
    return server.chatRequest(body).header("Authorization", "Bearer " + key).build();
  }

  private static JsonObject body(String text) {
    JsonObject message = new JsonObject().put("role", "user").put("content", text);
    return new JsonObject()
        .put("model", "fullbore-demo")
        .put("temperature", 0)
        .put("max_tokens", 40)
        .put("messages", new JsonArray().add(message));
  }

  /** How often each status came, of requests sent at once. */
  private int countOk(String key, int requests, String text) throws Exception {
    List<CompletableFuture<HttpResponse<String>>> sent = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      sent.add(
          client.sendAsync(
              chat(key, body(text + i).put("seed", i)), HttpResponse.BodyHandlers.ofString()));
    }
    int ok = 0;
    for (var answer : sent) {
      HttpResponse<String> response = answer.get();
      if (response.statusCode() == 200) {
        ok++;
      } else {
        assertEquals(429, response.statusCode(), response.body());
        assertTrue(response.headers().firstValue("Retry-After").isPresent());
      }
    }
    return ok;
  }

  @Test
  void aRequestLimitHoldsUnderParallelRequests() throws Exception {
    String key = key(limits("requests_per_minute", 5));
    assertEquals(5, countOk(key, 40, "hello "));
    HttpResponse<String> refused = send(chat(key, body("hello")));
    assertEquals(429, refused.statusCode());
    assertEquals("5", refused.headers().firstValue("x-ratelimit-limit-requests").orElse("none"));
    assertEquals(
        "0", refused.headers().firstValue("x-ratelimit-remaining-requests").orElse("none"));
  }

  @Test
  void parallelRequestsNeverSpendMoreThanTheBudget() throws Exception {
    // Each may cost up to 40 micros and costs less: what is settled lets others through later.
    JsonObject made = newKey(limits("day_budget_micros", 200));
    int ok = countOk(made.getString("key"), 100, "count to ");
    assertTrue(ok >= 1, "ok=" + ok);
    HttpResponse<String> usage = send(admin("/admin/usage").build());
    JsonArray totals = new JsonObject(usage.body()).getJsonArray("totals");
    long spent =
        totals.stream()
            .map(JsonObject.class::cast)
            .filter(total -> total.getString("key_id").equals(made.getString("id")))
            .mapToLong(total -> total.getLong("cost_micros"))
            .sum();
    assertTrue(spent > 0 && spent <= 200, usage.body());
  }

  @Test
  void aRequestThatNeverFitsIsA400() throws Exception {
    String key = key(limits("tokens_per_minute", 30));
    HttpResponse<String> refused = send(chat(key, body("hello")));
    assertEquals(400, refused.statusCode(), refused.body());
    String small = key(limits("tokens_per_minute", 200));
    HttpResponse<String> taken = send(chat(small, body("hello again")));
    assertEquals(200, taken.statusCode(), taken.body());
    assertEquals("200", taken.headers().firstValue("x-ratelimit-limit-tokens").orElse("none"));
  }

  @Test
  void tokenizingCountsAsARequest() throws Exception {
    String key = key(limits("requests_per_minute", 1));
    HttpRequest tokenize =
        HttpRequest.newBuilder(server.uri("/tokenize"))
            .header("X-Api-Key", key)
            .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\": \"hello\"}"))
            .build();
    assertEquals(200, send(tokenize).statusCode());
    assertEquals(429, send(tokenize).statusCode());
  }

  @Test
  void aRememberedAnswerCostsNoMoney() throws Exception {
    String key = key(limits("day_budget_micros", 60));
    HttpResponse<String> first = send(chat(key, body("hello")));
    assertEquals(200, first.statusCode(), first.body());
    for (int i = 0; i < 20; i++) {
      HttpResponse<String> again = send(chat(key, body("hello")));
      assertEquals(200, again.statusCode(), again.body());
      assertEquals("HIT-L1", again.headers().firstValue("X-Cache").orElse("none"));
    }
  }

  @Test
  void aRevokedKeyIsRefused() throws Exception {
    String key = key(new JsonObject());
    assertEquals(200, send(chat(key, body("hello"))).statusCode());
    JsonArray keys = new JsonObject(send(admin("/admin/keys").build()).body()).getJsonArray("data");
    assertFalse(keys.encode().contains(key.substring(4)));
    for (Object entry : keys) {
      String id = ((JsonObject) entry).getString("id");
      assertEquals(200, send(admin("/admin/keys/" + id).DELETE().build()).statusCode());
    }
    // With no key left, callers on this machine are no more let in than before.
    assertEquals(401, send(chat(key, body("hello"))).statusCode());
    String other = key(new JsonObject());
    assertEquals(401, send(chat(key, body("hello"))).statusCode());
    assertEquals(200, send(chat(other, body("hello"))).statusCode());
  }

  @Test
  void purgedAnswersAreComputedAgain() throws Exception {
    String key = key(new JsonObject());
    send(chat(key, body("what is your name?")));
    assertEquals(
        "HIT-L1",
        send(chat(key, body("what is your name?"))).headers().firstValue("X-Cache").orElse(""));
    HttpResponse<String> purged = send(admin("/admin/cache").DELETE().build());
    assertEquals(200, purged.statusCode(), purged.body());
    HttpResponse<String> next = send(chat(key, body("what is your name?")));
    assertTrue(next.headers().firstValue("X-Cache").orElse("").matches("MISS|HIT-L1"));
    assertEquals(400, send(admin("/admin/cache?tier=gold").DELETE().build()).statusCode());
  }

  @Test
  void noSecretIsLogged() throws Exception {
    String key = key(new JsonObject());
    send(chat(key, body("hello")));
    send(chat("fb-wrong-key-wrong-key", body("hello")));
    send(chat(key, body("hello").put("nonsense", key)));
    List<ILoggingEvent> events;
    synchronized (LOG) {
      events = List.copyOf(Collections.unmodifiableList(LOG.list));
    }
    for (ILoggingEvent event : events) {
      String line = event.getFormattedMessage();
      assertFalse(line.contains(key) || line.contains(ADMIN) || line.contains("wrong-key"), line);
    }
  }
}
