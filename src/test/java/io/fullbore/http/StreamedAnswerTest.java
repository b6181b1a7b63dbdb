package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Failure;
import io.fullbore.core.FinishReason;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong while an answer is under way, and what a slow or silent answer looks like. */
@Timeout(30)
class StreamedAnswerTest {
  private static final String PATH = "/v1/completions";
  private static final long KEEP_ALIVE_MS = 20;

  private static ApiServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ApiServer.withKeepAlive(KEEP_ALIVE_MS);
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @AfterEach
  void nothingIsLeft() {
    server.assertNothingLeft();
  }

  private static String body(boolean stream) {
    return "{\"model\":\"tiny\",\"prompt\":\"Hi\",\"stream\":%s}".formatted(stream);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anOverloadSaysWhenToComeBack(boolean stream) throws Exception {
    server.engine.script(submission -> submission.refuse("The queue is full.", 2_001));
    HttpResponse<String> response = server.post(PATH, body(stream));
    assertEquals(429, response.statusCode());
    assertEquals("3", response.headers().firstValue("Retry-After").orElse(""));
    assertEquals("application/json", response.headers().firstValue("Content-Type").orElse(""));
    assertEquals(
        """
        {"error":{"message":"The queue is full.","type":"overloaded_error","param":null,\
        "code":"overloaded"}}\
        """,
        response.body());
  }

  private static void assertFailure(Failure failure, int status, String type, String code)
      throws Exception {
    server.engine.script(submission -> submission.fail(0, failure));
    HttpResponse<String> response = server.post(PATH, body(false));
    assertEquals(status, response.statusCode());
    JsonObject error = new JsonObject(response.body()).getJsonObject("error");
    assertEquals(type, error.getString("type"));
    assertEquals(code, error.getString("code"));
    assertEquals(
        failure instanceof Failure.Unavailable,
        response.headers().firstValue("Retry-After").isPresent());
  }

  @Test
  void everyFailureHasItsStatus() throws Exception {
    assertFailure(new Failure.TimedOut("late"), 504, "timeout_error", "timeout");
    assertFailure(new Failure.EngineFailed("broken"), 500, "server_error", "engine_failed");
    assertFailure(new Failure.Unavailable("away"), 503, "server_error", "unavailable");
    assertFailure(new Failure.UpstreamFailed("gone"), 502, "server_error", "upstream_failed");
    assertFailure(
        new Failure.UpstreamRejected(422, "no", "their_type", "n", "their_code"),
        422,
        "their_type",
        "their_code");
    assertFailure(
        new Failure.ContextLengthExceeded(9, 8, 7),
        400,
        "invalid_request_error",
        "context_length_exceeded");
  }

  @Test
  void aFailureInAStreamIsItsLastEvent() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.tokens(0, "a");
          submission.fail(0, new Failure.EngineFailed("broken"));
        });
    HttpResponse<String> response = server.post(PATH, body(true));
    assertEquals(200, response.statusCode());
    assertTrue(response.body().contains("\"text\":\"a\""), response.body());
    assertTrue(
        response
            .body()
            .endsWith(
                """
                data: {"error":{"message":"broken","type":"server_error","param":null,\
                "code":"engine_failed"}}

                """),
        response.body());
    assertFalse(response.body().contains("[DONE]"));
  }

  @Test
  void theHeadComesBeforeTheFirstTokenAndSilenceIsFilled() throws Exception {
    var submitted = new CompletableFuture<ScriptedEngine.Submission>();
    server.engine.script(
        submission -> {
          submission.accept();
          submitted.complete(submission);
        });
    HttpResponse<InputStream> response = server.open(server.request(PATH, body(true)).build());
    assertEquals(200, response.statusCode());
    try (var reader =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      assertEquals(": keep-alive", reader.readLine());
      assertEquals("", reader.readLine());
      ScriptedEngine.Submission submission = submitted.get(5, TimeUnit.SECONDS);
      submission.tokens(0, "x");
      assertTrue(nextData(reader).contains("\"text\":\"x\""));
      assertEquals("", reader.readLine());
      assertEquals(": keep-alive", reader.readLine());
      submission.finish(0, FinishReason.STOP);
      assertTrue(nextData(reader).contains("\"finish_reason\":\"stop\""));
      assertEquals("data: [DONE]", nextData(reader));
    }
  }

  /** The next event of a raw response: chunk sizes are not of interest. */
  private static String nextEvent(BufferedReader reader) throws java.io.IOException {
    String line = nextData(reader);
    while (!line.startsWith("data: ")) {
      line = nextData(reader);
    }
    return line;
  }

  private static String nextData(BufferedReader reader) throws java.io.IOException {
    String line = reader.readLine();
    while (line.isEmpty() || line.startsWith(":")) {
      line = reader.readLine();
    }
    return line;
  }

  @Test
  void aReaderWhoLetsTooMuchGatherIsCutOff() throws Exception {
    int chunkCount = 14_000; // about 10 MB
    server.engine.script(
        submission -> {
          submission.accept();
          for (int token = 0; token < chunkCount; token++) {
            submission.token(0, 'a');
          }
        });
    try (var socket = new Socket()) {
      socket.setReceiveBufferSize(4_096);
      socket.setSoTimeout(5_000);
      socket.connect(new InetSocketAddress("127.0.0.1", server.api.port()));
      String body =
          """
          {"model":"tiny","prompt":"Hi","stream":true,"logprobs":20,\
          "return_tokens_as_token_ids":true}\
          """;
      socket
          .getOutputStream()
          .write(
              "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
                  .formatted(PATH, body.length(), body)
                  .getBytes(StandardCharsets.US_ASCII));
      assertEquals(1, server.engine.awaitCancel().size());
      server.engine.answer("quick");
      assertTrue(server.post(PATH, body(false)).body().contains("quick"));
    }
  }

  @Test
  void aSlowReaderGetsEverythingAndHoldsNobodyUp() throws Exception {
    var sent = new CompletableFuture<ScriptedEngine.Submission>();
    int tokenCount = 900;
    int choiceCount = 25;
    server.engine.script(
        submission -> {
          submission.accept();
          for (int token = 0; token < tokenCount; token++) {
            for (int choice = 0; choice < choiceCount; choice++) {
              submission.token(choice, 'a' + token % 26);
            }
          }
          sent.complete(submission);
        });
    String many =
        "{\"model\":\"tiny\",\"prompt\":\"Hi\",\"stream\":true,\"n\":%d,\"max_tokens\":%d}"
            .formatted(choiceCount, tokenCount);
    try (var socket = new Socket()) {
      socket.setReceiveBufferSize(4_096); // or the kernel would read for the caller
      socket.setSoTimeout(5_000);
      socket.connect(new InetSocketAddress("127.0.0.1", server.api.port()));
      socket
          .getOutputStream()
          .write(
              "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
                  .formatted(PATH, many.length(), many)
                  .getBytes(StandardCharsets.US_ASCII));
      ScriptedEngine.Submission submission = sent.get(5, TimeUnit.SECONDS);
      server.engine.answer("quick");
      assertTrue(server.post(PATH, body(false)).body().contains("quick"));
      var reader =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      int deltas = 0;
      while (deltas < tokenCount * choiceCount) {
        deltas += reader.readLine().contains("\"finish_reason\":null") ? 1 : 0;
      }
      for (int choice = 0; choice < choiceCount; choice++) {
        submission.finish(choice, FinishReason.STOP);
      }
      for (int choice = 0; choice < choiceCount; choice++) {
        assertTrue(nextEvent(reader).contains("\"finish_reason\":\"stop\""));
      }
      assertEquals("data: [DONE]", nextEvent(reader));
    }
  }
}
