package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.fullbore.config.ServerConfig;
import io.fullbore.core.FinishReason;
import io.fullbore.serving.ServedModel;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a model thinks before it answers, over HTTP. */
@Timeout(60)
class ReasoningTest {
  private static final String PATH = "/v1/chat/completions";

  /** Thinks unless it is told not to. */
  private static final String SWITCHED =
      """
      {%- for m in messages %}{{ m.role }}:
      {%- if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}
      {{- m.content }}|{% endfor %}
      {%- if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}\
      """;

  /** Begins an answer amid reasoning, and reads a degree. */
  private static final String OPENED =
      "{{ messages[0].content }}[{{ reasoning_effort }}]<think>\n{# </think> #}";

  private static final String ANSWER = "<think>\nWell, \n1 < 2.\n</think>\n\nYes.\n";

  private final BlockingQueue<int[]> prompts = new LinkedBlockingQueue<>();

  private static ApiServer switched;
  private static ApiServer opened;

  @BeforeAll
  static void start() throws Exception {
    switched = serve(TestModel.templated(SWITCHED));
    opened = serve(TestModel.templated(OPENED));
  }

  private static ApiServer serve(ServedModel model) throws Exception {
    return new ApiServer(
        UnaryOperator.identity(),
        ServerConfig.defaults(),
        new TreeMap<>(Map.of(TestModel.NAME, model)));
  }

  @AfterAll
  static void stop() throws Exception {
    switched.close();
    opened.close();
  }

  @AfterEach
  void nothingIsLeft() {
    switched.assertNothingLeft();
    opened.assertNothingLeft();
  }

  private static String ask(String more) {
    return "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]%s}"
        .formatted(more);
  }

  private static JsonObject choice(JsonObject answer) {
    return answer.getJsonArray("choices").getJsonObject(0);
  }

  /** Answers, and keeps the prompt. */
  private void answer(ApiServer server, String text) {
    server.engine.script(
        submission -> {
          prompts.add(submission.requests().getFirst().prompt());
          submission.accept();
          submission.tokens(0, text);
          submission.finish(0, FinishReason.STOP);
        });
  }

  private String prompt() throws InterruptedException {
    return TestModel.served().tokenizer().decode(prompts.take());
  }

  @Test
  void reasoningStandsApartFromTheContent() throws Exception {
    answer(switched, ANSWER);
    JsonObject answer = switched.json(PATH, ask(""));
    assertEquals(
        new JsonObject()
            .put("role", "assistant")
            .put("content", "Yes.\n")
            .putNull("refusal")
            .put("reasoning_content", "Well, \n1 < 2."),
        choice(answer).getJsonObject("message"));
    JsonObject usage = answer.getJsonObject("usage");
    assertEquals(ANSWER.length(), usage.getInteger("completion_tokens"));
    assertEquals(
        "\nWell, \n1 < 2.\n</think>".length() + 1, // and the end of the opening tag
        usage.getJsonObject("completion_tokens_details").getInteger("reasoning_tokens"));
  }

  @Test
  void aStreamHasReasoningFirst() throws Exception {
    answer(switched, ANSWER);
    var reasoning = new StringBuilder();
    var content = new StringBuilder();
    List<String> events = switched.events(PATH, ask(",\"stream\":true"));
    for (String event : events.subList(0, events.size() - 1)) {
      JsonObject delta = choice(new JsonObject(event)).getJsonObject("delta");
      content.append(delta.getString("content", ""));
      reasoning.append(delta.getString("reasoning_content", ""));
      assertFalse(delta.containsKey("reasoning_content") && !content.isEmpty());
    }
    assertEquals("Well, \n1 < 2.", reasoning.toString());
    assertEquals("Yes.\n", content.toString());
  }

  @Test
  void aStopStringDoesNotEndReasoning() throws Exception {
    answer(switched, ANSWER);
    JsonObject answer = switched.json(PATH, ask(",\"stop\":[\"<\",\"s.\"]"));
    assertEquals("Ye", choice(answer).getJsonObject("message").getString("content"));
  }

  @Test
  void earlierReasoningReachesTheTemplate() throws Exception {
    answer(switched, "Yes");
    switched.json(
        PATH,
        """
        {"model":"tiny","messages":[{"role":"user","content":"Hi"},{"role":"assistant",
        "content":"A","reasoning_content":"B"},{"role":"user","content":"C"}]}\
        """);
    assertEquals("user:Hi|assistant:<think>B</think>A|user:C|", prompt());
  }

  @Test
  void switchesOfTheTemplateAreSetByTheRequest() throws Exception {
    answer(switched, "Yes");
    switched.json(PATH, ask(",\"chat_template_kwargs\":{\"enable_thinking\":false}"));
    assertEquals("user:Hi|<think></think>", prompt());
    switched.json(PATH, ask(",\"reasoning_effort\":\"none\""));
    assertEquals("user:Hi|<think></think>", prompt());
    switched.json(PATH, ask(",\"reasoning_effort\":\"high\""));
    assertEquals("user:Hi|", prompt());
  }

  @Test
  void anAnswerMayBeginAmidReasoning() throws Exception {
    answer(opened, "Well</think>Yes");
    JsonObject message =
        choice(opened.json(PATH, ask(",\"reasoning_effort\":\"low\""))).getJsonObject("message");
    assertEquals("Hi[low]<think>\n", prompt());
    assertEquals("Well", message.getString("reasoning_content"));
    assertEquals("Yes", message.getString("content"));
  }

  @Test
  void rawTextIsNotTakenApart() throws Exception {
    answer(switched, ANSWER);
    JsonObject answer = switched.json("/v1/completions", "{\"model\":\"tiny\",\"prompt\":\"Hi\"}");
    assertEquals(ANSWER, choice(answer).getString("text"));
  }
}
