package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.engine.EngineStatus;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointsTest {
  private static final ApiSettings SHARED_PORT = ApiServer.settings(-1, 100, 0, 0, 60_000);

  private static ApiServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ApiServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.assertNothingLeft();
    server.close();
  }

  private static void assertError(HttpResponse<String> response, int status, String code) {
    assertEquals(status, response.statusCode(), response.body());
    assertEquals("application/json", response.headers().firstValue("Content-Type").orElse(""));
    JsonObject error = new JsonObject(response.body()).getJsonObject("error");
    assertEquals(code, error.getString("code"));
    assertTrue(error.containsKey("message"));
    assertTrue(error.containsKey("param"));
    assertEquals("invalid_request_error", error.getString("type"));
    assertTrue(response.headers().firstValue("X-Request-Id").isPresent());
  }

  @Test
  void modelsAreListed() throws Exception {
    assertEquals(
        """
        {"object":"list","data":[{"id":"tiny","object":"model","created":1600000000,\
        "owned_by":"fullbore","max_model_len":1000}]}\
        """,
        server.get("/v1/models").body());
  }

  @Test
  void oneModelIsShown() throws Exception {
    assertEquals(
        """
        {"id":"tiny","object":"model","created":1600000000,"owned_by":"fullbore",\
        "max_model_len":1000}\
        """,
        server.get("/v1/models/tiny").body());
    assertEquals("tiny", new JsonObject(server.get("/v1/models/t%69ny").body()).getString("id"));
    assertError(server.get("/v1/models/some/other"), 404, "model_not_found");
  }

  @Test
  void theRootNamesTheServer() throws Exception {
    assertEquals("{\"name\":\"fullbore\"}", server.get("/").body());
  }

  @Test
  void unknownPathsAndMethodsAreErrors() throws Exception {
    assertError(server.get("/v1/nothing"), 404, "unknown_url");
    HttpResponse<String> wrongMethod = server.get("/v1/chat/completions");
    assertError(wrongMethod, 405, "method_not_allowed");
    assertEquals("POST", wrongMethod.headers().firstValue("Allow").orElse(""));
    assertError(server.post("/v1/models", "{}"), 405, "method_not_allowed");
    for (String path : List.of("/v1/models/tiny", "/v1/models/some/other")) {
      HttpResponse<String> response =
          server.send(HttpRequest.newBuilder(server.uri(path)).DELETE().build());
      assertError(response, 405, "method_not_allowed");
      assertEquals("GET, HEAD", response.headers().firstValue("Allow").orElse(""));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/health", "/ready", "/v1/models", "/v1/models/tiny", "/v1/models/x"})
  void aHeadIsThatOfTheGet(String path) throws Exception {
    HttpResponse<String> get = server.get(path);
    HttpResponse<String> head =
        server.send(HttpRequest.newBuilder(server.uri(path)).HEAD().build());
    assertEquals(get.statusCode(), head.statusCode());
    assertEquals("", head.body());
    for (String name : List.of("Content-Type", "Content-Length")) {
      assertEquals(get.headers().firstValue(name), head.headers().firstValue(name), name);
    }
  }

  @Test
  void aBodyThatIsTooLongIsRefused() throws Exception {
    String body = "{\"model\":\"" + "x".repeat(100_000) + "\"}";
    assertError(server.post("/v1/completions", body), 413, "request_too_large");
    HttpRequest chunked =
        HttpRequest.newBuilder(server.uri("/v1/completions"))
            .POST(
                HttpRequest.BodyPublishers.fromPublisher(HttpRequest.BodyPublishers.ofString(body)))
            .build();
    assertError(server.send(chunked), 413, "request_too_large");
  }

  @Test
  void aBodyWithoutEndIsCutOff() throws Exception {
    try (var socket = new Socket("127.0.0.1", server.api.port())) {
      var out = socket.getOutputStream();
      out.write(
          "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n"
              .getBytes(StandardCharsets.US_ASCII));
      assertTrue(readHead(socket.getInputStream()).startsWith("HTTP/1.1 413"));
      byte[] junk = new byte[50_000];
      assertThrows(
          IOException.class,
          () -> {
            for (int i = 0; i < 1_000; i++) {
              out.write(junk);
            }
          });
    }
  }

  @Test
  void brokenHttpIsAnError() throws Exception {
    try (var socket = new Socket("127.0.0.1", server.api.port())) {
      socket
          .getOutputStream()
          .write(
              "GET / HTTP/1.1\r\nHost: localhost\r\nBroken\u0000: y\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = readHead(socket.getInputStream());
      assertTrue(answer.startsWith("HTTP/1.1 400"), answer);
      assertTrue(answer.contains("application/json"), answer);
    }
  }

  private static String readHead(InputStream in) throws IOException {
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int read = in.read();
      if (read < 0) {
        break;
      }
      head.append((char) read);
    }
    return head.toString();
  }

  @Test
  void instancesShareOnePort() throws Exception {
    try (ApiServer first = new ApiServer(settings -> SHARED_PORT)) {
      var second = new ApiVerticle(SHARED_PORT, "second", first.parts);
      first.vertx.deployVerticle(second).await(10, TimeUnit.SECONDS);
      assertEquals(first.api.port(), second.port());
      assertEquals(200, first.get("/v1/models").statusCode());
    }
  }

  @Test
  void withoutKeysPagesFromElsewhereMayNotCall() throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(server.uri("/v1/models"));
    assertEquals(
        401, server.send(request.header("Origin", "https://evil.example").build()).statusCode());
    assertEquals(
        200,
        server.send(request.setHeader("Origin", "http://localhost:3000").build()).statusCode());
  }

  @Test
  void aHarmlessRequestIdComesBack() throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(server.uri("/v1/models"));
    assertEquals(
        "abc-1.2:3",
        server
            .send(request.header("X-Request-Id", "abc-1.2:3").build())
            .headers()
            .firstValue("X-Request-Id")
            .orElse(""));
    String other =
        server
            .send(request.setHeader("X-Request-Id", "a b\"<c>").build())
            .headers()
            .firstValue("X-Request-Id")
            .orElse("");
    assertTrue(other.matches("req-[0-9a-f]{32}"), other);
  }

  @Test
  void readyAndHealthFollowTheEngine() throws Exception {
    try (ApiServer fresh = ApiServer.start()) {
      assertEquals(503, fresh.get("/ready").statusCode());
      assertEquals(200, fresh.get("/health").statusCode());
      fresh.health.update(status(1, 10));
      assertEquals("{\"status\":\"ready\",\"waiting_for\":[]}", fresh.get("/ready").body());
      fresh.nanos.addAndGet(EngineHealth.STALL_NANOS);
      HttpResponse<String> stalled = fresh.get("/health");
      assertEquals(503, stalled.statusCode());
      assertEquals(
          """
          {"status":"stalled","engines":{"tiny-v1":{"status":"stalled","running":1,\
          "waiting":0,"free_blocks":9,"cached_blocks":0,"blocks":10,\
          "host_blocks":0,"host_cached_blocks":0,"steps":10,\
          "prompt_tokens":0,"generated_tokens":0,"preemptions":0}}}\
          """,
          stalled.body());
      fresh.health.update(status(1, 11));
      assertEquals(200, fresh.get("/health").statusCode());
    }
  }

  static EngineStatus status(int running, long stepCount) {
    return new EngineStatus(
        TestModel.VERSION, 0, running, 0, 8, 9, 10, 0, stepCount, 0, 0, 0, 0, 0, 0, 0, null);
  }

  @Test
  void theEnginesReportsAreHeardOnTheBus() throws Exception {
    try (ApiServer fresh = ApiServer.start()) {
      fresh.vertx.eventBus().publish("engine.status", status(0, 0));
      while (fresh.get("/ready").statusCode() != 200) {
        Thread.onSpinWait();
      }
    }
  }
}
