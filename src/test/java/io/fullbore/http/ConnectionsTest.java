package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.FinishReason;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(
    value = 20,
    threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // sockets do not heed interrupts
class ConnectionsTest {
  private static final long IDLE_TIMEOUT_MS = 40;
  private static final int READ_TIMEOUT_MS = 5_000;

  private static ApiServer server(int maxConnections, long idleTimeoutMs) throws Exception {
    return new ApiServer(
        settings -> ApiServer.settings(0, maxConnections, idleTimeoutMs, 0, 60_000));
  }

  private static Socket connect(ApiServer server) throws IOException {
    return new Socket("127.0.0.1", server.api.port());
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String readHead(Socket socket) throws IOException {
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) socket.getInputStream().read());
    }
    return head.toString();
  }

  private static void readToEnd(Socket socket) throws IOException {
    while (socket.getInputStream().read() >= 0) {
      Thread.onSpinWait();
    }
  }

  /** A close with something unread on it arrives as a reset. */
  private static boolean isClosed(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketException e) {
      return true;
    }
  }

  @Test
  void anIdleConnectionIsClosedAndAWaitingOneIsNot() throws Exception {
    try (ApiServer server = server(10, IDLE_TIMEOUT_MS);
        Socket waiting = connect(server);
        Socket idle = connect(server)) {
      var submitted = new CompletableFuture<ScriptedEngine.Submission>();
      server.engine.script(
          submission -> {
            submission.accept();
            submitted.complete(submission);
          });
      String body = "{\"model\":\"tiny\",\"prompt\":\"Hi\"}";
      write(
          waiting,
          "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(body.length(), body));
      ScriptedEngine.Submission submission = submitted.get(5, TimeUnit.SECONDS);
      write(idle, "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertTrue(readHead(idle).startsWith("HTTP/1.1 200"));
      readToEnd(idle);
      submission.finish(0, FinishReason.STOP);
      assertTrue(readHead(waiting).startsWith("HTTP/1.1 200"));
      readToEnd(waiting);
      server.assertNothingLeft();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "P", "PRI * HTTP/2.0", "POST /v1/comp", "GET / HTTP/1.1\r\nHost: localhost"})
  void aConnectionWithoutAWholeRequestHeadIsClosed(String beginning) throws Exception {
    try (ApiServer server = server(10, IDLE_TIMEOUT_MS);
        Socket socket = connect(server)) {
      socket.setSoTimeout(READ_TIMEOUT_MS);
      write(socket, beginning);
      assertTrue(isClosed(socket));
    }
  }

  @Test
  void aHeadInSmallPiecesDoesNotKeepAConnection() throws Exception {
    try (ApiServer server = server(10, IDLE_TIMEOUT_MS);
        Socket socket = connect(server)) {
      socket.setSoTimeout(1);
      write(socket, "GET / HTTP/1.1\r\nX: ");
      assertThrows(
          SocketException.class,
          () -> {
            for (int sent = 0; sent < 4_000; sent++) {
              write(socket, "x");
              try {
                if (socket.getInputStream().read() < 0) {
                  throw new SocketException("closed");
                }
              } catch (SocketTimeoutException e) {
                Thread.onSpinWait();
              }
            }
          });
    }
  }

  @Test
  void silentConnectionsCountAgainstTheLimit() throws Exception {
    try (ApiServer server = server(1, 0);
        Socket silent = connect(server);
        Socket second = connect(server)) {
      second.setSoTimeout(READ_TIMEOUT_MS);
      assertTrue(isClosed(second));
      assertFalse(silent.isClosed());
    }
  }

  @Test
  void anAnswerThatNobodyReadsDoesNotKeepAConnection() throws Exception {
    try (ApiServer server = server(10, IDLE_TIMEOUT_MS);
        Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4_096);
      socket.connect(new InetSocketAddress("127.0.0.1", server.api.port()));
      server.engine.script(
          submission -> {
            submission.accept();
            for (int i = 0; i < 100; i++) {
              submission.token(0, 'a');
            }
            submission.finish(0, FinishReason.STOP);
          });
      String body =
          "{\"model\":\"tiny\",\"prompt\":\"%s\",\"echo\":true}".formatted("a".repeat(900));
      String request =
          "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(body.length(), body);
      assertThrows(
          SocketException.class,
          () -> {
            while (true) {
              write(socket, request);
            }
          });
    }
  }

  @Test
  void anUpgradeToHttp2IsAnsweredInHttp1() throws Exception {
    try (ApiServer server = server(10, 0);
        HttpClient client = HttpClient.newHttpClient()) {
      var response =
          client.send(
              HttpRequest.newBuilder(server.uri("/v1/models"))
                  .version(HttpClient.Version.HTTP_2)
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertEquals(200, response.statusCode());
      assertEquals(HttpClient.Version.HTTP_1_1, response.version());
    }
  }

  @Test
  void connectionsBeyondTheLimitAreClosed() throws Exception {
    String request = "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n";
    try (ApiServer server = server(1, 0);
        Socket second = new Socket()) {
      try (Socket first = connect(server)) {
        write(first, request);
        assertTrue(readHead(first).startsWith("HTTP/1.1 200"));
        second.connect(first.getRemoteSocketAddress());
        write(second, request);
        assertTrue(isClosed(second));
      }
    }
  }
}
