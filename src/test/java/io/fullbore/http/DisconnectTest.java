package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.engine.GenerationRequest;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A caller that goes away frees its sequences, whenever and however it goes. */
class DisconnectTest {
  private static ApiServer server;

  private final CompletableFuture<ScriptedEngine.Submission> submitted = new CompletableFuture<>();

  @BeforeAll
  static void start() throws Exception {
    server = ApiServer.withKeepAlive(5);
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
    return "{\"model\":\"tiny\",\"prompt\":\"Hi\",\"n\":2,\"stream\":%s}".formatted(stream);
  }

  private static void send(Socket socket, String body) throws java.io.IOException {
    socket
        .getOutputStream()
        .write(
            "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(body.length(), body)
                .getBytes(StandardCharsets.US_ASCII));
  }

  private void assertAllCancelled() throws Exception {
    Set<?> running =
        submitted.get(5, TimeUnit.SECONDS).requests().stream()
            .map(GenerationRequest::id)
            .collect(Collectors.toSet());
    assertEquals(running, Set.copyOf(server.engine.awaitCancel()));
  }

  @ParameterizedTest
  @CsvSource({"false,false", "false,true", "true,false", "true,true"})
  void aClosedConnectionCancels(boolean stream, boolean afterTokens) throws Exception {
    server.engine.script(
        submission -> {
          if (afterTokens) {
            submission.accept();
            submission.tokens(0, "abc");
          }
          submitted.complete(submission);
        });
    try (var socket = new Socket("127.0.0.1", server.api.port())) {
      send(socket, body(stream));
      submitted.get(5, TimeUnit.SECONDS);
      if (stream && afterTokens) {
        assertTrue(socket.getInputStream().read() >= 0);
      }
    }
    assertAllCancelled();
  }

  @Test
  void aConnectionThatBreaksCancels() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submitted.complete(submission);
        });
    try (var socket = new Socket("127.0.0.1", server.api.port())) {
      socket.setSoLinger(true, 0);
      send(socket, body(true));
      submitted.get(5, TimeUnit.SECONDS);
    }
    assertAllCancelled();
  }

  @Test
  void aReaderThatNeverReadCancelsToo() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          for (int i = 0; i < 20_000; i++) {
            submission.token(0, 'a');
          }
          submitted.complete(submission);
        });
    try (var socket = new Socket("127.0.0.1", server.api.port())) {
      send(socket, body(true));
      submitted.get(5, TimeUnit.SECONDS);
    }
    assertAllCancelled();
  }
}
