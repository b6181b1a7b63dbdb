package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fullbore.config.ServerConfig;
import io.fullbore.core.FinishReason;
import io.fullbore.redis.RedisServer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two nodes that share answers through Redis, and what they do without it. */
@Timeout(60)
class SharedCacheTest {
  private static final String BODY =
      """
      {"model": "tiny", "temperature": 0, "messages": [{"role": "user", "content": "%s"}]}\
      """;

  private final BlockingQueue<ScriptedEngine.Submission> submissions = new LinkedBlockingQueue<>();
  private RedisServer redis;
  private ApiServer here;
  private ApiServer there;

  @BeforeEach
  void start() throws Exception {
    redis = RedisServer.start();
    ServerConfig config =
        ApiServer.config(
            Map.of("redis.url", redis.url(), "redis.timeoutMs", "1000", "cache.leaseMs", "10000"));
    here = new ApiServer(UnaryOperator.identity(), config);
    there = new ApiServer(UnaryOperator.identity(), config);
    answer(here);
    answer(there);
  }

  @AfterEach
  void stop() throws Exception {
    here.close();
    there.close();
    redis.close();
  }

  private void answer(ApiServer node) {
    node.engine.script(
        submission -> {
          submissions.add(submission);
          finish(submission);
        });
  }

  private static void finish(ScriptedEngine.Submission submission) {
    submission.accept();
    submission.tokens(0, "abc");
    submission.finish(0, FinishReason.STOP);
  }

  private void hold(ApiServer node) {
    node.engine.script(submissions::add);
  }

  private static HttpResponse<String> ask(ApiServer node, String text)
      throws IOException, InterruptedException {
    HttpResponse<String> response = node.post("/v1/chat/completions", BODY.formatted(text));
    assertEquals(200, response.statusCode(), response.body());
    return response;
  }

  private static CompletableFuture<HttpResponse<String>> askLater(ApiServer node, String text) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return ask(node, text);
          } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private static String cache(HttpResponse<?> response) {
    return response.headers().firstValue("X-Cache").orElse("none");
  }

  /** Until what one node stored is to be found on the other, in L2 the first time. */
  private HttpResponse<String> askUntilHit(ApiServer node, String text) throws Exception {
    HttpResponse<String> response = ask(node, text);
    while (!cache(response).startsWith("HIT")) {
      response = ask(node, text);
    }
    return response;
  }

  @Test
  void whatOneNodeAnsweredTheOtherRemembers() throws Exception {
    HttpResponse<String> first = ask(here, "Hi");
    assertEquals("MISS", cache(first));
    HttpResponse<String> second = askUntilHit(there, "Hi");
    assertEquals(
        new JsonObject(first.body()).getJsonArray("choices"),
        new JsonObject(second.body()).getJsonArray("choices"));
    assertEquals("HIT-L1", cache(ask(there, "Hi")));
  }

  @Test
  void theOtherNodeWaitsForTheOneThatComputes() throws Exception {
    hold(here);
    CompletableFuture<HttpResponse<String>> first = askLater(here, "Hi");
    ScriptedEngine.Submission submission = submissions.poll(10, TimeUnit.SECONDS);
    CompletableFuture<HttpResponse<String>> second = askLater(there, "Hi");
    CompletableFuture<HttpResponse<String>> third = askLater(there, "Hi");
    ask(there, "something else"); // behind the others on their way
    submissions.clear();
    finish(submission);
    assertEquals("MISS", cache(first.get()));
    assertEquals("HIT-L2", cache(second.get()));
    assertEquals("HIT-L2", cache(third.get()));
    assertEquals(0, submissions.size());
  }

  @Test
  void theOtherNodeComputesWhereTheFirstFails() throws Exception {
    hold(here);
    CompletableFuture<HttpResponse<String>> first =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return here.post("/v1/chat/completions", BODY.formatted("Hi"));
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    ScriptedEngine.Submission submission = submissions.poll(10, TimeUnit.SECONDS);
    CompletableFuture<HttpResponse<String>> second = askLater(there, "Hi");
    submission.refuse("full", 1_000);
    assertEquals(429, first.get().statusCode());
    assertEquals("MISS", cache(second.get()));
  }

  @Test
  void withoutRedisEveryNodeRemembersForItself() throws Exception {
    redis.freeze();
    assertEquals("MISS", cache(ask(here, "Hi")));
    assertEquals("HIT-L1", cache(ask(here, "Hi")));
    assertEquals("MISS", cache(ask(there, "Hi")));
    redis.thaw();
    redis.kill();
    assertEquals("MISS", cache(ask(here, "Hello")));
    assertEquals("HIT-L1", cache(ask(here, "Hello")));
    redis.restart();
    int asked = 0;
    do { // until both nodes have noticed
      asked++;
      ask(there, "again " + asked);
    } while (!cache(ask(here, "again " + asked)).equals("HIT-L2"));
    assertEquals("HIT-L1", cache(ask(there, "again " + asked)));
  }
}
