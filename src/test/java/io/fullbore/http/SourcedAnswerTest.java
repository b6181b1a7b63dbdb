package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.cache.AnswerEvent;
import io.fullbore.cache.StoredAnswer;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Origin;
import io.fullbore.core.Usage;
import io.fullbore.http.wire.OpenAiFrame;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Remembered answers for readers whose response has begun before they were found. */
@Timeout(30)
class SourcedAnswerTest {
  private static final Origin CLOUD = new Origin("cloud", "big", null);

  private static StoredAnswer stored(String json) {
    return new StoredAnswer(
        List.of(new AnswerEvent.Forwarded(new ForwardedPiece(json, List.of()))),
        new Usage(1, 0, 1),
        0,
        false,
        CLOUD);
  }

  /** Asks somebody, writes the head to keep the connection alive, and then finds the answer. */
  private static void findLate(ApiServer server, RoutingContext context, StoredAnswer answer) {
    var sink =
        new SourcedAnswer(
            server.vertx,
            context.request(),
            ignored ->
                new StreamedAnswer(
                    server.vertx,
                    context.request(),
                    () -> {
                      throw new IllegalStateException("nobody local answers");
                    },
                    new OpenAiFrame(),
                    "",
                    1),
            true,
            found -> Buffer.buffer("data: found\n\n"),
            InstantSource.system());
    sink.onServedBy(CLOUD);
    server.vertx.setPeriodic(
        1,
        timer -> {
          if (context.response().headWritten()) {
            server.vertx.cancelTimer(timer);
            sink.onStored(answer);
          }
        });
  }

  @Test
  void aStreamThatHasBegunEndsWithTheAnswerThatIsFound() throws Exception {
    try (ApiServer server = ApiServer.start()) {
      for (StoredAnswer answer : List.of(stored("{}"), stored("x".repeat(1 << 18)))) {
        int port =
            server.route(
                routes -> routes.get().handler(context -> findLate(server, context, answer)));
        URI uri = URI.create("http://127.0.0.1:" + port);
        HttpResponse<String> response = server.send(HttpRequest.newBuilder(uri).build());
        assertEquals(200, response.statusCode());
        assertTrue(response.body().endsWith("data: found\n\n"), response.body());
      }
    }
  }
}
