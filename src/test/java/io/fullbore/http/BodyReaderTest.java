package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bodies that do not come, or too slowly. */
@Timeout(
    value = 20,
    threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // sockets do not heed interrupts
class BodyReaderTest {
  private static final int READ_TIMEOUT_MS = 5_000;
  private static final String HEAD =
      "POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n\r\n";

  private static Socket connect(ApiServer server) throws IOException {
    var socket = new Socket("127.0.0.1", server.api.port());
    socket.setSoTimeout(READ_TIMEOUT_MS);
    return socket;
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static void assertTimedOut(Socket socket) throws IOException {
    String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
    assertTrue(answer.contains("\"code\":\"request_timeout\""), answer);
  }

  @Test
  void aBodyThatDoesNotComeIsA408AndTheEnd() throws Exception {
    try (ApiServer server = new ApiServer(ignored -> ApiServer.settings(0, 9, 40, 0, 60_000));
        Socket silent = connect(server);
        Socket stopped = connect(server)) {
      write(silent, HEAD);
      write(stopped, HEAD + "{\"prompt\":");
      assertTimedOut(silent);
      assertTimedOut(stopped);
    }
  }

  @Test
  void aBodyThatComesByteByByteIsA408InTheEnd() throws Exception {
    try (ApiServer server = new ApiServer(ignored -> ApiServer.settings(0, 9, 5_000, 0, 60));
        Socket slow = connect(server)) {
      slow.setSoTimeout(5);
      write(slow, HEAD);
      int first = -1;
      while (first < 0) {
        write(slow, "x");
        try {
          first = slow.getInputStream().read();
        } catch (SocketTimeoutException e) {
          Thread.onSpinWait();
        }
      }
      assertEquals('H', first);
      slow.setSoTimeout(READ_TIMEOUT_MS);
      String rest = new String(slow.getInputStream().readNBytes(11), StandardCharsets.US_ASCII);
      assertEquals("TTP/1.1 408", rest);
    }
  }

  @Test
  void theRestOfABodyThatIsTooLongIsNotAwaitedForEver() throws Exception {
    try (ApiServer server = new ApiServer(ignored -> ApiServer.settings(0, 9, 0, 0, 60));
        Socket socket = connect(server)) {
      write(socket, HEAD.replace("90000", "999999999"));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
    }
  }

  @Test
  void bodiesBeyondTheBudgetAreA429AndLeaveNothingBehind() throws Exception {
    try (ApiServer server = ApiServer.start()) {
      var budget = new BodyBudget(1_000);
      List<RequestBody> complete = new ArrayList<>();
      var arrived = new CountDownLatch(1);
      int port =
          server.route(
              router ->
                  router
                      .post()
                      .handler(
                          new BodyReader(
                              server.vertx,
                              ApiServer.settings(0, 9, 0, 0, 60_000),
                              budget,
                              (context, body) -> {
                                complete.add(body);
                                context.response().end("ok");
                                arrived.countDown();
                              })));
      URI uri = URI.create("http://127.0.0.1:" + port);
      assertEquals(200, post(server, uri, 600).statusCode());
      arrived.await();
      HttpResponse<String> refused = post(server, uri, 600);
      assertEquals(429, refused.statusCode());
      assertEquals("1", refused.headers().firstValue("Retry-After").orElse(""));
      assertEquals(200, post(server, uri, 400).statusCode());
      try (Socket socket = new Socket("127.0.0.1", port)) {
        write(socket, HEAD + "x");
        socket.setSoTimeout(READ_TIMEOUT_MS);
        assertEquals('H', socket.getInputStream().read());
      }
      complete.forEach(RequestBody::release);
      complete.forEach(RequestBody::release);
      assertEquals(0, budget.heldBytes());
    }
  }

  @Test
  void aCallerThatGoesAwayGivesItsRoomBack() throws Exception {
    try (ApiServer server = ApiServer.start()) {
      var budget = new BodyBudget(1_000);
      var reader =
          new BodyReader(
              server.vertx,
              ApiServer.settings(0, 9, 0, 0, 60_000),
              budget,
              (context, body) -> {
                body.release();
                context.response().end("ok");
              });
      int port = server.route(router -> router.post().handler(reader));
      URI uri = URI.create("http://127.0.0.1:" + port);
      try (Socket socket = new Socket("127.0.0.1", port)) {
        write(socket, HEAD + "x".repeat(500));
        while (post(server, uri, 600).statusCode() != 429) {
          Thread.onSpinWait();
        }
      }
      while (post(server, uri, 1_000).statusCode() != 200) {
        Thread.onSpinWait();
      }
    }
  }

  private static HttpResponse<String> post(ApiServer server, URI uri, int length) throws Exception {
    return server.send(
        HttpRequest.newBuilder(uri)
            .POST(HttpRequest.BodyPublishers.ofString("x".repeat(length)))
            .build());
  }
}
