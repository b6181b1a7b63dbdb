package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.cache.AnswerCache;
import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.Caller;
import io.fullbore.core.FinishReason;
import io.fullbore.core.Usage;
import io.fullbore.http.wire.AnswerFormat;
import io.fullbore.http.wire.CompletionRequest;
import io.fullbore.http.wire.FinishedChoice;
import io.fullbore.http.wire.OpenAiFrame;
import io.fullbore.http.wire.Requester;
import io.fullbore.limits.Limits;
import io.fullbore.routing.Router;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.serving.CompletionService;
import io.fullbore.serving.RoutedCompletions;
import io.fullbore.serving.SharedCompletions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What happens to an answer whose format has a bug, and on which threads formats run. */
@Timeout(30)
class CompletionExchangeTest {
  private ApiServer server;

  @BeforeEach
  void start() throws Exception {
    server = ApiServer.start();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  /** Fails in one of its methods; a whole answer names the thread that wrote it. */
  private record BrokenFormat(String broken) implements AnswerFormat {
    private String part(String name) {
      if (name.equals(broken)) {
        throw new IllegalStateException("this is meant to fail: " + name);
      }
      return "data: \"" + name + "\"\n\n";
    }

    @Override
    public String opening() {
      return part("opening");
    }

    @Override
    public String prompt(int choice, List<ScoredToken> tokens) {
      return part("prompt");
    }

    @Override
    public String delta(int choice, AnswerPart part, List<ScoredToken> tokens) {
      return part("delta");
    }

    @Override
    public String choiceEnd(int choice, FinishReason reason) {
      return part("choiceEnd");
    }

    @Override
    public String usage(Usage usage) {
      return part("usage");
    }

    @Override
    public String whole(List<FinishedChoice> choices, Usage usage) {
      return part("whole") + Thread.currentThread().getName();
    }
  }

  /** An endpoint whose answers have this format. */
  private HttpRequest endpoint(AnswerFormat format, boolean stream) throws TimeoutException {
    CompletionRequest request =
        CompletionRequest.text(
            Buffer.buffer(
                "{\"model\":\"tiny\",\"prompt\":\"Hi\",\"n\":2,\"stream\":%s}".formatted(stream)),
            new Requester(Caller.ANONYMOUS, null),
            server.parts.routes());
    int port =
        server.route(
            router -> {
              ApiParts parts = server.parts;
              Limits limits = parts.limits().apply(null);
              var service =
                  new CompletionService(server.vertx, "other", parts.models(), limits, 60_000);
              service.start();
              var cache = new AnswerCache(parts.answers(), null, parts.cache());
              var routed =
                  new RoutedCompletions(
                      new RoutedCompletions.Means(
                          server.vertx,
                          service,
                          parts.upstreams(),
                          name -> parts.upstreams().client(server.vertx, name),
                          new Router(new SplittableRandom(1)),
                          limits,
                          parts.prices(),
                          parts.clock(),
                          60_000));
              var shared =
                  new SharedCompletions(
                      server.vertx, routed, cache, parts.flights(), parts.clock());
              var exchange =
                  new CompletionExchange(
                      server.vertx,
                      shared,
                      cache,
                      new RequestLimit(limits),
                      new ModelCatalog(parts.models(), parts.routes()),
                      5,
                      parts.clock());
              var style =
                  new CompletionExchange.Style(
                      "x-", "prompt", (head, call, model) -> format, OpenAiFrame::new);
              router.get("/active").handler(context -> context.end("" + service.activeSequences()));
              router.post().handler(context -> exchange.start(context, request, style));
            });
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
        .POST(HttpRequest.BodyPublishers.noBody())
        .build();
  }

  private void assertNothingActive(HttpRequest endpoint) throws Exception {
    URI uri = endpoint.uri().resolve("/active");
    assertEquals("0", server.send(HttpRequest.newBuilder(uri).build()).body());
  }

  @ParameterizedTest
  @CsvSource({"opening", "delta", "choiceEnd", "usage"})
  void aStreamThatCannotBeWrittenIsCutAndCancelled(String broken) throws Exception {
    server.engine.answer("abc");
    HttpRequest endpoint = endpoint(new BrokenFormat(broken), true);
    assertThrows(IOException.class, () -> server.send(endpoint));
    assertNothingActive(endpoint);
  }

  @Test
  void anAnswerThatCannotBeWrittenIsA500() throws Exception {
    server.engine.answer("abc");
    HttpRequest endpoint = endpoint(new BrokenFormat("whole"), false);
    HttpResponse<String> response = server.send(endpoint);
    assertEquals(500, response.statusCode());
    assertEquals(
        "server_error", new JsonObject(response.body()).getJsonObject("error").getString("type"));
    assertNothingActive(endpoint);
  }

  @ParameterizedTest
  @CsvSource({"5000,worker", "5,eventloop"})
  void longAnswersAreRenderedByWorkers(int length, String thread) throws Exception {
    server.engine.answer("abcd".repeat(length));
    String seen = server.send(endpoint(new BrokenFormat("nothing"), false)).body();
    assertTrue(seen.contains(thread), seen);
  }
}
