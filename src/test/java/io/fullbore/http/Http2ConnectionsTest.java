package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.StreamResetException;
import io.vertx.ext.web.RoutingContext;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@link Connections} with HTTP/2, where many requests share a connection. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class Http2ConnectionsTest {
  private static final long IDLE_TIMEOUT_MS = 100;

  @TempDir private Path directory;

  private static <T> T await(Future<T> future) throws Exception {
    return future.await(10, TimeUnit.SECONDS);
  }

  private static RoutingContext arrived(TlsServer server) throws Exception {
    RoutingContext context = server.waiting.poll(10, TimeUnit.SECONDS);
    if (context == null) {
      throw new AssertionError("no request arrived");
    }
    return context;
  }

  private static void answer(RoutingContext context) {
    context.vertx().runOnContext(ignored -> context.end("done"));
  }

  private static Future<Void> closing(HttpClientRequest request) {
    Promise<Void> closed = Promise.promise();
    request.connection().closeHandler(ignored -> closed.complete());
    return closed.future();
  }

  @Test
  void aConnectionIsClosedOnceNoneOfItsRequestsIsUnderWay() throws Exception {
    try (var server = new TlsServer(directory, 10, IDLE_TIMEOUT_MS)) {
      HttpClientRequest first = server.request("/wait");
      HttpClientRequest second = server.request("/wait");
      assertSame(first.connection(), second.connection());
      Future<Void> closed = closing(first);
      Future<HttpClientResponse> firstAnswer = first.send();
      Future<HttpClientResponse> secondAnswer = second.send();
      answer(arrived(server));
      RoutingContext slow = arrived(server);
      HttpClientRequest idle = server.requestOnANewConnection("/");
      Future<Void> idleClosed = closing(idle);
      idle.send();
      await(idleClosed);
      assertFalse(closed.isComplete());
      answer(slow);
      assertEquals(200, await(firstAnswer).statusCode());
      assertEquals(200, await(secondAnswer).statusCode());
      await(closed);
    }
  }

  @Test
  void connectionsBeyondTheLimitAreClosed() throws Exception {
    try (var server = new TlsServer(directory, 1, 0)) {
      assertEquals("HTTP_2", server.version());
      assertEquals("HTTP_2", server.version()); // on the same connection
      assertThrows(Exception.class, () -> await(server.requestOnANewConnection("/").send()));
    }
  }

  @Test
  void cuttingAnAnswerLeavesTheOthersOfItsConnection() throws Exception {
    try (var server = new TlsServer(directory, 10, 0)) {
      Future<HttpClientResponse> firstAnswer = server.request("/wait").send();
      RoutingContext first = arrived(server);
      Future<HttpClientResponse> secondAnswer = server.request("/wait").send();
      RoutingContext second = arrived(server);
      Promise<Void> closed = Promise.promise();
      first.response().closeHandler(ignored -> closed.complete());
      first.vertx().runOnContext(ignored -> Connections.cut(first.request()));
      assertInstanceOf(
          StreamResetException.class,
          await(firstAnswer.<Throwable>map(AssertionError::new).otherwise(cause -> cause)));
      await(closed.future());
      answer(second);
      assertEquals(200, await(secondAnswer).statusCode());
    }
  }

  @Test
  void aBodyThatIsTooLongEndsItsStreamOnly() throws Exception {
    try (var server = new TlsServer(directory, 10, 0)) {
      HttpClientRequest endless = server.post("/body").setChunked(true);
      Promise<Throwable> reset = Promise.promise();
      endless.exceptionHandler(reset::tryComplete);
      endless.write(Buffer.buffer(new byte[500_000]));
      assertEquals(413, await(endless.response()).statusCode());
      await(reset.future());
      HttpClientRequest next = server.request("/");
      assertSame(endless.connection(), next.connection());
      assertEquals(200, await(next.send()).statusCode());
    }
  }
}
