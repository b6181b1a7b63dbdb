package io.fullbore.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.errors.BadRequestException;
import com.anthropic.errors.NotFoundException;
import com.anthropic.errors.UnauthorizedException;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.anthropic.models.messages.StopReason;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Anthropic's own client before the demo model. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AnthropicClientTest {
  private static final String ADMIN = "the-admin-key";
  private static final String MODEL = "fullbore-demo";

  private RunningServer server;
  private AnthropicClient client;

  @BeforeAll
  void serve() throws Exception {
    server = RunningServer.start("builtin:" + MODEL, Map.of("auth.adminKey", ADMIN));
    HttpRequest request =
        HttpRequest.newBuilder(server.uri("/admin/keys"))
            .header("Authorization", "Bearer " + ADMIN)
            .POST(HttpRequest.BodyPublishers.ofString("{\"owner\":\"Ada\"}"))
            .build();
    try (HttpClient admin = HttpClient.newHttpClient()) {
      String key = admin.send(request, HttpResponse.BodyHandlers.ofString()).body();
      client = client(new JsonObject(key).getString("key"));
    }
  }

  private AnthropicClient client(String key) {
    return AnthropicOkHttpClient.builder()
        .baseUrl(server.uri("").toString())
        .apiKey(key)
        .maxRetries(0)
        .build();
  }

  @AfterAll
  void close() {
    if (client != null) {
      client.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private static MessageCreateParams.Builder ask(String text) {
    return MessageCreateParams.builder()
        .model(MODEL)
        .maxTokens(60)
        .temperature(0)
        .addUserMessage(text);
  }

  private static String text(Message message) {
    return message.content().getFirst().asText().text();
  }

  @Test
  void itsStreamsSayWhatItsMessagesSay() {
    MessageCreateParams params = ask("Hello!").build();
    Message whole = client.messages().create(params);
    assertFalse(text(whole).isBlank());
    assertEquals(MODEL, whole.model().asString());
    MessageAccumulator accumulator = MessageAccumulator.create();
    try (StreamResponse<RawMessageStreamEvent> events = client.messages().createStreaming(params)) {
      events.stream().forEach(accumulator::accumulate);
    }
    Message streamed = accumulator.message();
    assertEquals(text(whole), text(streamed));
    assertEquals(whole.stopReason(), streamed.stopReason());
    assertEquals(whole.usage().outputTokens(), streamed.usage().outputTokens());
    assertTrue(whole.usage().outputTokens() > 0);
  }

  @Test
  void itLearnsWhyAnAnswerEnded() {
    Message cut = client.messages().create(ask("Hello!").maxTokens(1).build());
    assertEquals(StopReason.MAX_TOKENS, cut.stopReason().orElseThrow());
    String answer = text(client.messages().create(ask("Hello!").build()));
    String stop = answer.substring(2, 4);
    Message stopped = client.messages().create(ask("Hello!").addStopSequence(stop).build());
    assertEquals(StopReason.STOP_SEQUENCE, stopped.stopReason().orElseThrow());
    assertEquals(stop, stopped.stopSequence().orElseThrow());
  }

  @Test
  void itCountsTokens() {
    long counted =
        client
            .messages()
            .countTokens(
                MessageCountTokensParams.builder().model(MODEL).addUserMessage("Hello!").build())
            .inputTokens();
    Message message = client.messages().create(ask("Hello!").build());
    assertEquals(
        counted,
        message.usage().inputTokens() + message.usage().cacheReadInputTokens().orElseThrow());
  }

  @Test
  void itKnowsItsErrors() {
    assertThrows(
        NotFoundException.class, () -> client.messages().create(ask("x").model("nobody").build()));
    BadRequestException wrong =
        assertThrows(
            BadRequestException.class,
            () -> client.messages().create(ask("x").enabledThinking(1024).build()));
    assertTrue(wrong.getMessage().contains("thinking"), wrong.getMessage());
    AnthropicClient stranger = client("wrong");
    assertThrows(UnauthorizedException.class, () -> stranger.messages().create(ask("x").build()));
    stranger.close();
  }

  @Test
  void itMayLeaveInTheMiddle() {
    MessageCreateParams params = ask("Tell me everything.").temperature(1).maxTokens(400).build();
    for (int i = 0; i < 20; i++) {
      try (StreamResponse<RawMessageStreamEvent> events =
          client.messages().createStreaming(params)) {
        assertTrue(events.stream().iterator().next().isMessageStart());
      }
    }
    assertFalse(text(client.messages().create(ask("Hello!").build())).isBlank());
  }
}
