package io.fullbore.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseDeleteParams;
import com.openai.models.responses.ResponseRetrieveParams;
import com.openai.models.responses.ResponseStatus;
import com.openai.models.responses.ResponseStreamEvent;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** OpenAI's own client before the demo model. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenAiClientTest {
  private static final String MODEL = "fullbore-demo";

  private RunningServer server;
  private OpenAIClient client;

  @BeforeAll
  void serve() throws Exception {
    server = RunningServer.start("builtin:" + MODEL, 2);
    client =
        OpenAIOkHttpClient.builder()
            .baseUrl(server.uri("/v1").toString())
            .apiKey("none")
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

  private static ResponseCreateParams.Builder ask(String text) {
    return ResponseCreateParams.builder()
        .model(MODEL)
        .input(text)
        .maxOutputTokens(60)
        .temperature(0);
  }

  private static String text(Response response) {
    return response.output().getFirst().asMessage().content().getFirst().asOutputText().text();
  }

  @Test
  void itsStreamsSayWhatItsResponsesSay() {
    Response whole = client.responses().create(ask("Hello!").build());
    assertFalse(text(whole).isBlank());
    assertTrue(whole.usage().orElseThrow().outputTokens() > 0);
    StringBuilder deltas = new StringBuilder();
    List<ResponseStreamEvent> events;
    try (StreamResponse<ResponseStreamEvent> stream =
        client.responses().createStreaming(ask("Hello!").build())) {
      events = stream.stream().map(ResponseStreamEvent::validate).toList();
    }
    events.forEach(
        event -> event.outputTextDelta().ifPresent(delta -> deltas.append(delta.delta())));
    assertTrue(events.getFirst().isCreated());
    Response streamed = events.getLast().asCompleted().response();
    assertEquals(text(whole), text(streamed));
    assertEquals(text(whole), deltas.toString());
    assertEquals(ResponseStatus.COMPLETED, streamed.status().orElseThrow());
  }

  @Test
  void itAsksAgainAndGoesOn() {
    Response first = client.responses().create(ask("Hello!").build());
    ResponseRetrieveParams retrieve =
        ResponseRetrieveParams.builder().responseId(first.id()).build();
    assertEquals(text(first), text(client.responses().retrieve(retrieve)));
    Response next =
        client.responses().create(ask("And now?").previousResponseId(first.id()).build());
    assertEquals(first.id(), next.previousResponseId().orElseThrow());
    assertTrue(
        next.usage().orElseThrow().inputTokens() > first.usage().orElseThrow().inputTokens());
    client.responses().delete(ResponseDeleteParams.builder().responseId(first.id()).build());
    assertThrows(NotFoundException.class, () -> client.responses().retrieve(retrieve));
  }

  @Test
  void itLearnsThatAnAnswerIsIncomplete() {
    Response cut = client.responses().create(ask("Hello!").maxOutputTokens(1).build());
    assertEquals(ResponseStatus.INCOMPLETE, cut.status().orElseThrow());
  }

  @Test
  void itKnowsItsErrors() {
    assertThrows(
        NotFoundException.class, () -> client.responses().create(ask("x").model("nobody").build()));
    BadRequestException wrong =
        assertThrows(
            BadRequestException.class,
            () ->
                client
                    .responses()
                    .create(ask("x").truncation(ResponseCreateParams.Truncation.AUTO).build()));
    assertEquals("truncation", wrong.param().orElseThrow());
  }

  @Test
  void itMayLeaveInTheMiddle() {
    ResponseCreateParams params =
        ask("Tell me everything.").temperature(1).maxOutputTokens(400).build();
    for (int i = 0; i < 20; i++) {
      try (StreamResponse<ResponseStreamEvent> events =
          client.responses().createStreaming(params)) {
        assertTrue(events.stream().iterator().next().isCreated());
      }
    }
    assertFalse(text(client.responses().create(ask("Hello!").build())).isBlank());
  }

  @Test
  void itChats() {
    ChatCompletionCreateParams params =
        ChatCompletionCreateParams.builder()
            .model(MODEL)
            .addUserMessage("Hello!")
            .maxCompletionTokens(60)
            .temperature(0)
            .build();
    ChatCompletion whole = client.chat().completions().create(params);
    ChatCompletionAccumulator accumulator = ChatCompletionAccumulator.create();
    try (StreamResponse<ChatCompletionChunk> chunks =
        client.chat().completions().createStreaming(params)) {
      chunks.stream().forEach(accumulator::accumulate);
    }
    String text = whole.choices().getFirst().message().content().orElseThrow();
    assertFalse(text.isBlank());
    assertEquals(
        text, accumulator.chatCompletion().choices().getFirst().message().content().orElseThrow());
  }
}
