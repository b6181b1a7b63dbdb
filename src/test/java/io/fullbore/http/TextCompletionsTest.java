package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.FinishReason;
import io.fullbore.engine.GenerationRequest;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TextCompletionsTest {
  private static final String PATH = "/v1/completions";

  private static ApiServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ApiServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @AfterEach
  void nothingIsLeft() {
    server.assertNothingLeft();
  }

  private static String body(String prompt, String more) {
    return "{\"model\":\"tiny\",\"prompt\":%s%s}".formatted(prompt, more);
  }

  private static JsonObject choice(JsonObject answer, int index) {
    return answer.getJsonArray("choices").getJsonObject(index);
  }

  private static String withoutId(String json) {
    assertTrue(json.matches("(?s).*\"id\":\"cmpl-[0-9a-f]{32}\".*"), json);
    return json.replaceAll("\"cmpl-[0-9a-f]{32}\"", "\"ID\"");
  }

  @Test
  void anAnswerIsOneObject() throws Exception {
    server.engine.answer("there");
    HttpResponse<String> response = server.post(PATH, body("\"Hi \"", ""));
    assertEquals(
        """
        {"id":"ID","object":"text_completion","created":1700000000,"model":"tiny",\
        "system_fingerprint":"tiny-v1","choices":[{"index":0,"text":"there","logprobs":null,\
        "finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":5,\
        "total_tokens":8,"prompt_tokens_details":{"cached_tokens":2},\
        "completion_tokens_details":{"reasoning_tokens":0}}}\
        """,
        withoutId(response.body()));
  }

  @Test
  void aStreamIsTextsAReasonTheUsageAndDone() throws Exception {
    server.engine.answer("yo");
    HttpResponse<String> response =
        server.post(
            PATH, body("\"Hi\"", ",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
    String head =
        """
        data: {"id":"ID","object":"text_completion","created":1700000000,"model":"tiny",\
        "system_fingerprint":"tiny-v1","choices":[\
        """;
    assertEquals(
        (head + "{\"index\":0,\"text\":\"y\",\"logprobs\":null,\"finish_reason\":null}NONE")
            + (head + "{\"index\":0,\"text\":\"o\",\"logprobs\":null,\"finish_reason\":null}NONE")
            + (head
                + "{\"index\":0,\"text\":\"\",\"logprobs\":null,\"finish_reason\":\"stop\"}NONE")
            + (head + "],\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":2,")
            + "\"total_tokens\":4,\"prompt_tokens_details\":{\"cached_tokens\":2},"
            + "\"completion_tokens_details\":{\"reasoning_tokens\":0}}}\n\n"
            + "data: [DONE]\n\n",
        withoutId(response.body()).replace("],\"usage\":null}\n\n", "NONE"));
  }

  @Test
  void aTokenThatGivesNoTextYetGivesNoEvent() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.tokens(0, "a€ EN");
          submission.token(0, TestModel.IM_START);
          submission.tokens(0, "D");
          submission.finish(0, FinishReason.STOP);
        });
    List<String> texts = new ArrayList<>();
    for (String event : server.events(PATH, body("\"Hi\"", ",\"stream\":true,\"stop\":\" END\""))) {
      if (!event.equals("[DONE]")) {
        texts.add(choice(new JsonObject(event), 0).getString("text"));
      }
    }
    assertEquals(List.of("a", "€", ""), texts); // the last says why the choice ended
  }

  @Test
  void promptsComeInFourForms() throws Exception {
    List<String> prompts = new ArrayList<>();
    server.engine.script(
        submission -> {
          submission.accept();
          for (int choice = 0; choice < submission.requests().size(); choice++) {
            GenerationRequest request = submission.requests().get(choice);
            prompts.add(Arrays.toString(request.prompt()) + request.params().maxTokens());
            submission.tokens(choice, "c" + choice);
            submission.finish(choice, FinishReason.LENGTH);
          }
        });
    server.json(PATH, body("\"a\"", ""));
    JsonObject two = server.json(PATH, body("[\"a\",\"bc\"]", ",\"n\":2,\"best_of\":2"));
    server.json(PATH, body("[1,2]", ""));
    server.json(PATH, body("[[1,2],[256]]", ",\"max_tokens\":3"));
    assertEquals(
        List.of(
            "[97]16",
            "[97]16",
            "[97]16",
            "[98, 99]16",
            "[98, 99]16",
            "[1, 2]16",
            "[1, 2]3",
            "[256]3"),
        prompts);
    assertEquals(4, two.getJsonArray("choices").size());
    assertEquals("c3", choice(two, 3).getString("text"));
    assertEquals("length", choice(two, 3).getString("finish_reason"));
    assertEquals(3, two.getJsonObject("usage").getInteger("prompt_tokens"));
  }

  @Test
  void theEchoedPromptComesBeforeTheAnswer() throws Exception {
    server.engine.answer("!");
    assertEquals(
        "Hi<|im_end|>!",
        choice(server.json(PATH, body("\"Hi<|im_end|>\"", ",\"echo\":true")), 0).getString("text"));
    assertEquals(
        "AB!", choice(server.json(PATH, body("[65,66]", ",\"echo\":true")), 0).getString("text"));
    List<String> texts = new ArrayList<>();
    for (String event : server.events(PATH, body("\"Hi\"", ",\"echo\":true,\"stream\":true"))) {
      if (!event.equals("[DONE]")) {
        texts.add(choice(new JsonObject(event), 0).getString("text"));
      }
    }
    assertEquals(List.of("Hi", "!", ""), texts);
  }

  @Test
  void halfASurrogatePairInAPromptBreaksNothing() throws Exception {
    server.engine.answer("!");
    JsonObject answer = server.json(PATH, body("\"a\\ud800\"", ",\"echo\":true"));
    assertEquals("a?!", choice(answer, 0).getString("text"));
  }

  @Test
  void logprobsAreFourListsOfTheSameLength() throws Exception {
    server.engine.answer("A€b");
    JsonObject answer = server.json(PATH, body("\"x\"", ",\"logprobs\":2"));
    assertEquals(
        """
        {"tokens":["A","bytes:\\\\xe2","bytes:\\\\x82","bytes:\\\\xac","b"],\
        "token_logprobs":[-0.25,-0.25,-0.25,-0.25,-0.25],\
        "top_logprobs":[{"A":-0.25,"a":-9999.0},{"bytes:\\\\xe2":-0.25,"a":-9999.0},\
        {"bytes:\\\\x82":-0.25,"a":-9999.0},{"bytes:\\\\xac":-0.25,"a":-9999.0},\
        {"b":-0.25,"a":-9999.0}],\
        "text_offset":[0,1,1,1,2]}\
        """,
        choice(answer, 0).getJsonObject("logprobs").encode());
  }

  @Test
  void withoutAlternativesTheChosenTokenIsStillNamed() throws Exception {
    server.engine.answer("A");
    JsonObject answer = server.json(PATH, body("\"x\"", ",\"logprobs\":0"));
    assertEquals(
        "[{\"A\":-0.25}]",
        choice(answer, 0).getJsonObject("logprobs").getJsonArray("top_logprobs").encode());
  }

  @Test
  void anEchoedPromptIsScoredFromItsSecondTokenOn() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.scorePrompt(0);
          submission.finish(0, FinishReason.LENGTH);
        });
    String parameters = ",\"echo\":true,\"logprobs\":1,\"max_tokens\":0%s";
    JsonObject answer = server.json(PATH, body("\"Hé!\"", parameters.formatted("")));
    assertEquals("Hé!", choice(answer, 0).getString("text"));
    String scored =
        """
        {"tokens":["H","bytes:\\\\xc3","bytes:\\\\xa9","!"],\
        "token_logprobs":[null,-0.25,-0.25,-0.25],\
        "top_logprobs":[null,{"bytes:\\\\xc3":-0.25},{"bytes:\\\\xa9":-0.25},{"!":-0.25}],\
        "text_offset":[0,1,1,2]}\
        """;
    assertEquals(scored, choice(answer, 0).getJsonObject("logprobs").encode());

    List<String> events =
        server.events(PATH, body("\"Hé!\"", parameters.formatted(",\"stream\":true")));
    assertEquals(3, events.size());
    JsonObject first = choice(new JsonObject(events.getFirst()), 0);
    assertEquals("Hé!", first.getString("text"));
    assertEquals(scored, first.getJsonObject("logprobs").encode());
  }

  @Test
  void offsetsGoOnAfterTheEchoAndFromChunkToChunk() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.scorePrompt(0);
          submission.tokens(0, "cd");
          submission.finish(0, FinishReason.LENGTH);
        });
    String parameters = ",\"echo\":true,\"logprobs\":0%s";
    JsonObject answer = server.json(PATH, body("\"ab\"", parameters.formatted("")));
    assertEquals(
        "[0,1,2,3]",
        choice(answer, 0).getJsonObject("logprobs").getJsonArray("text_offset").encode());
    List<String> offsets = new ArrayList<>();
    for (String event :
        server.events(PATH, body("\"ab\"", parameters.formatted(",\"stream\":true")))) {
      if (event.contains("text_offset")) {
        JsonObject logprobs = choice(new JsonObject(event), 0).getJsonObject("logprobs");
        offsets.add(logprobs.getJsonArray("text_offset").encode());
      }
    }
    assertEquals(List.of("[0,1]", "[2]", "[3]"), offsets);
  }

  @Test
  void tokensAreNamedByTheirIdsWhereAskedFor() throws Exception {
    server.engine.answer("A");
    JsonObject answer =
        server.json(PATH, body("\"x\"", ",\"logprobs\":2,\"return_tokens_as_token_ids\":true"));
    JsonObject logprobs = choice(answer, 0).getJsonObject("logprobs");
    assertEquals("[\"token_id:65\"]", logprobs.getJsonArray("tokens").encode());
    assertEquals(
        "[{\"token_id:65\":-0.25,\"token_id:97\":-9999.0}]",
        logprobs.getJsonArray("top_logprobs").encode());
  }

  @Test
  void aLongAnswerIsRenderedOnAnotherThread() throws Exception {
    server.engine.answer("abcde".repeat(100));
    var request = body("\"x\"", ",\"logprobs\":2,\"n\":30,\"max_tokens\":500");
    JsonObject answer = server.json(PATH, request);
    assertEquals(30, answer.getJsonArray("choices").size());
    for (int choice = 0; choice < 30; choice++) {
      assertEquals("abcde".repeat(100), choice(answer, choice).getString("text"));
      JsonObject logprobs = choice(answer, choice).getJsonObject("logprobs");
      assertEquals(500, logprobs.getJsonArray("tokens").size());
    }
  }

  @Test
  void scoringTooManyChoicesIsRefused() throws Exception {
    String prompts = "[" + "\"x\",".repeat(128) + "\"x\"]";
    HttpResponse<String> response = server.post(PATH, body(prompts, ",\"logprobs\":0"));
    assertEquals(400, response.statusCode());
    JsonObject error = new JsonObject(response.body()).getJsonObject("error");
    assertEquals("logprobs", error.getString("param"));
  }

  @Test
  void withoutLogprobsThereAreNone() throws Exception {
    server.engine.answer("A");
    assertNull(
        choice(server.json(PATH, body("\"x\"", ",\"suffix\":\"\"")), 0).getValue("logprobs"));
  }
}
