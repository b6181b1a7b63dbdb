package io.fullbore.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.Eventually;
import io.fullbore.engine.BusAddresses;
import io.fullbore.engine.EngineStatus;
import io.fullbore.model.SyntheticModel;
import io.fullbore.model.WeightFormat;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole server over real sockets with a real, random-weight model. */
@Timeout(120)
class ServeTest {
  private static final int STREAMS = 16;

  @TempDir static Path folder;

  private static RunningServer server;
  private static volatile EngineStatus status;

  private final HttpClient client = HttpClient.newHttpClient();

  @BeforeAll
  static void serve() throws Exception {
    Path model = folder.resolve("tiny.gguf");
    SyntheticModel.builder("llama")
        .dim(64)
        .heads(4, 2)
        .layers(2)
        .ffn(96)
        .vocabularyTokens(600)
        .contextTokens(512)
        .format(WeightFormat.Q8_0)
        .build()
        .write(model, bytes -> {});
    server = RunningServer.start(model.toString(), 2);
    server
        .assembly()
        .vertx()
        .eventBus()
        .<EngineStatus>consumer(BusAddresses.ENGINE_STATUS, message -> status = message.body())
        .completion()
        .await();
  }

  @AfterAll
  static void close() {
    server.close();
  }

  private static JsonObject chat(String text, int maxTokens) {
    return new JsonObject()
        .put("model", "tiny")
        .put(
            "messages",
            new JsonArray().add(new JsonObject().put("role", "user").put("content", text)))
        .put("max_tokens", maxTokens)
        .put("temperature", 1)
        .put("ignore_eos", true)
        .put("seed", text.hashCode());
  }

  private String answer(JsonObject body) throws IOException, InterruptedException {
    HttpResponse<String> response =
        client.send(server.chat(body), HttpResponse.BodyHandlers.ofString());
    assertEquals(200, response.statusCode(), response.body());
    JsonObject choice = new JsonObject(response.body()).getJsonArray("choices").getJsonObject(0);
    return choice.getJsonObject("message").getString("content");
  }

  private CompletableFuture<String> stream(JsonObject body) {
    return stream(client, body);
  }

  private CompletableFuture<String> stream(HttpClient client, JsonObject body) {
    return client
        .sendAsync(
            server.chat(body.copy().put("stream", true)), HttpResponse.BodyHandlers.ofLines())
        .thenApply(response -> RunningServer.joined(response.body().toList()).text());
  }

  /** Waits, without a fixed time, until the engine reports that nobody holds anything. */
  private static void awaitNothingHeld() {
    while (status.running() != 0
        || status.waiting() != 0
        || status.freeBlocks() != status.blockCount()) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  @Test
  void concurrentStreamsGiveTheTextsThatTheyGiveAlone() throws Exception {
    List<String> alone = new ArrayList<>();
    for (int i = 0; i < STREAMS; i++) {
      alone.add(answer(chat("question number " + i + " ".repeat(i * 7) + "?", 40)));
    }
    List<CompletableFuture<String>> together = new ArrayList<>();
    for (int i = 0; i < STREAMS; i++) {
      together.add(stream(chat("question number " + i + " ".repeat(i * 7) + "?", 40)));
    }
    for (int i = 0; i < STREAMS; i++) {
      assertEquals(alone.get(i), together.get(i).get());
    }
    assertNotEquals(alone.get(0), alone.get(1));
    awaitNothingHeld();
  }

  @Test
  void aClientThatLeavesFreesEverything() throws Exception {
    long generatedBefore = status.generatedTokens();
    for (int i = 0; i < 20; i++) {
      HttpResponse<InputStream> response =
          client.send(
              server.chat(chat("leave " + i, 400).put("stream", true)),
              HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        assertTrue(body.read() >= 0);
      }
    }
    awaitNothingHeld();
    assertTrue(status.generatedTokens() - generatedBefore < 20 * 400);
  }

  @Test
  void aClientThatStopsWaitingForAWholeAnswerFreesEverything() {
    for (int i = 0; i < 20; i++) {
      CompletableFuture<HttpResponse<String>> pending =
          client.sendAsync(
              server.chat(chat("impatient " + i, 400)), HttpResponse.BodyHandlers.ofString());
      pending.cancel(true);
    }
    awaitNothingHeld();
  }

  @Test
  void mixedLoadLeaksNoBlockSlotOrFileHandle() throws Exception {
    Random random = new Random(11);
    mixedLoad(random);
    long handlesBefore = openHandles();
    for (int i = 0; i < 2; i++) {
      mixedLoad(random);
    }
    /* Sockets of clients that left are closed a little later. */
    Eventually.await(() -> openHandles() <= handlesBefore + 8);
  }

  /** Zero where the system does not tell. */
  private static long openHandles() throws IOException {
    Path handles = Path.of("/proc/self/fd");
    if (!Files.isDirectory(handles)) {
      return 0;
    }
    try (Stream<Path> open = Files.list(handles)) {
      return open.count();
    }
  }

  /** 150 requests of all kinds by a client that is gone afterwards, with its connections. */
  private void mixedLoad(Random random) throws Exception {
    try (HttpClient own = HttpClient.newHttpClient()) {
      mixedLoad(own, random);
      own.shutdownNow();
    }
    awaitNothingHeld();
  }

  private void mixedLoad(HttpClient client, Random random) throws Exception {
    List<CompletableFuture<?>> pending = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      JsonObject body = chat("load " + random.nextInt(40), 1 + random.nextInt(40));
      switch (random.nextInt(4)) {
        case 0 -> pending.add(stream(client, body));
        case 1 -> stream(client, body).cancel(true);
        case 2 ->
            client.sendAsync(server.chat(body), HttpResponse.BodyHandlers.ofString()).cancel(true);
        default ->
            pending.add(
                client.sendAsync(
                    server.chat(body.put("n", 2)), HttpResponse.BodyHandlers.ofString()));
      }
    }
    for (CompletableFuture<?> each : pending) {
      each.get();
    }
  }

  @Test
  void aPromptThatDoesNotFitIsRefusedAndNeverCut() throws Exception {
    HttpResponse<String> response =
        client.send(
            server.chat(chat("word ".repeat(600), 5)), HttpResponse.BodyHandlers.ofString());
    assertEquals(400, response.statusCode());
    JsonObject error = new JsonObject(response.body()).getJsonObject("error");
    assertEquals("context_length_exceeded", error.getString("code"));
    assertEquals("messages", error.getString("param"));
  }
}
