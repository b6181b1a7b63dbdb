package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.FinishReason;
import io.fullbore.core.SamplingParams;
import io.fullbore.engine.GenerationRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ChatCompletionsTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String HELLO =
      """
      {"model":"tiny","messages":[{"role":"user","content":"Hi"}]%s}\
      """;

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

  private static String hello(String more) {
    return HELLO.formatted(more);
  }

  /** Ids are random; everything else is compared to the last byte. */
  private static String withoutId(String json) {
    assertTrue(json.matches("(?s).*\"id\":\"chatcmpl-[0-9a-f]{32}\".*"), json);
    return json.replaceAll("chatcmpl-[0-9a-f]{32}", "ID");
  }

  @Test
  void anAnswerIsOneObject() throws Exception {
    server.engine.answer("Hello");
    HttpResponse<String> response = server.post(PATH, hello(""));
    assertEquals(200, response.statusCode());
    assertEquals(
        """
        {"id":"ID","object":"chat.completion","created":1700000000,"model":"tiny",\
        "system_fingerprint":"tiny-v1","choices":[{"index":0,"message":{"role":"assistant",\
        "content":"Hello","refusal":null},"logprobs":null,"finish_reason":"stop"}],\
        "usage":{"prompt_tokens":21,"completion_tokens":5,"total_tokens":26,\
        "prompt_tokens_details":{"cached_tokens":2},\
        "completion_tokens_details":{"reasoning_tokens":0}}}\
        """,
        withoutId(response.body()));
  }

  @Test
  void aStreamIsARoleDeltasAReasonAndDone() throws Exception {
    server.engine.answer("Ho");
    HttpResponse<String> response = server.post(PATH, hello(",\"stream\":true"));
    String head =
        """
        data: {"id":"ID","object":"chat.completion.chunk","created":1700000000,"model":"tiny",\
        "system_fingerprint":"tiny-v1","choices":[{"index":0,"delta":\
        """;
    assertEquals(
        (head + "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},NONE\n\n")
            + (head + "{\"content\":\"H\"},NONE\n\n")
            + (head + "{\"content\":\"o\"},NONE\n\n")
            + (head + "{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n")
            + "data: [DONE]\n\n",
        withoutId(response.body()).replace("\"logprobs\":null,\"finish_reason\":null}]}", "NONE"));
    assertEquals("no-cache", response.headers().firstValue("Cache-Control").orElse(""));
    assertEquals("no", response.headers().firstValue("X-Accel-Buffering").orElse(""));
  }

  @Test
  void aStreamEndsWithItsUsageWhereAskedFor() throws Exception {
    server.engine.answer("Ho");
    List<String> events =
        server.events(PATH, hello(",\"stream\":true,\"stream_options\":{\"include_usage\":true}"));
    assertEquals("[DONE]", events.getLast());
    for (String event : events.subList(0, events.size() - 2)) {
      assertTrue(event.endsWith(",\"usage\":null}"), event);
    }
    String last = events.get(events.size() - 2);
    assertTrue(
        last.endsWith(
            """
            "choices":[],"usage":{"prompt_tokens":21,"completion_tokens":2,"total_tokens":23,\
            "prompt_tokens_details":{"cached_tokens":2},\
            "completion_tokens_details":{"reasoning_tokens":0}}}\
            """),
        last);
  }

  @Test
  void aCharacterSplitOverTokensComesWhole() throws Exception {
    server.engine.answer("a€😀");
    assertEquals("a€😀", content(server.json(PATH, hello("")), 0));
    List<String> texts = new ArrayList<>();
    for (String event : server.events(PATH, hello(",\"stream\":true"))) {
      if (event.contains("\"delta\":{\"content\"")) {
        texts.add(delta(event).getString("content"));
      }
    }
    assertEquals(List.of("a", "€", "😀"), texts);
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
    List<String> deltas = new ArrayList<>();
    for (String event : server.events(PATH, hello(",\"stream\":true,\"stop\":\" END\""))) {
      if (!event.equals("[DONE]")) {
        deltas.add(delta(event).encode());
      }
    }
    assertEquals(
        List.of(
            "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}",
            "{\"content\":\"a\"}",
            "{\"content\":\"€\"}",
            "{}"),
        deltas);
  }

  @Test
  void anUnfinishedCharacterIsShownAsReplaced() throws Exception {
    server.engine.script(
        submission -> {
          submission.accept();
          submission.token(0, 0xE2);
          submission.finish(0, FinishReason.LENGTH);
        });
    JsonObject answer = server.json(PATH, hello(",\"max_tokens\":1"));
    assertEquals("\uFFFD", content(answer, 0));
    assertEquals("length", choice(answer, 0).getString("finish_reason"));
  }

  @Test
  void aStopStringAcrossTokensEndsTheChoice() throws Exception {
    String stopping = hello(",\"stop\":[\"END\",\"zz\"],\"stream\":%s");
    server.engine.script(
        submission -> {
          submission.accept();
          submission.tokens(0, "one EN two END three");
        });
    JsonObject answer = server.json(PATH, stopping.formatted(false));
    assertEquals("one EN two ", content(answer, 0));
    assertEquals("stop", choice(answer, 0).getString("finish_reason"));
    assertEquals(14, answer.getJsonObject("usage").getInteger("completion_tokens"));
    assertEquals(1, server.engine.awaitCancel().size());

    StringBuilder text = new StringBuilder();
    for (String event : server.events(PATH, stopping.formatted(true))) {
      text.append(event.contains("\"content\":") ? delta(event).getString("content") : "");
    }
    assertEquals("one EN two ", text.toString());
  }

  @Test
  void choicesAreToldApart() throws Exception {
    server.engine.answer("one", "two");
    JsonObject answer = server.json(PATH, hello(",\"n\":2"));
    assertEquals("one", content(answer, 0));
    assertEquals("two", content(answer, 1));
    assertEquals(21, answer.getJsonObject("usage").getInteger("prompt_tokens"));
    assertEquals(6, answer.getJsonObject("usage").getInteger("completion_tokens"));

    String[] texts = {"", ""};
    int[] ends = {0, 0};
    for (String event : server.events(PATH, hello(",\"n\":2,\"stream\":true"))) {
      if (!event.equals("[DONE]")) {
        JsonObject choice = choice(new JsonObject(event), 0);
        int index = choice.getInteger("index");
        texts[index] += choice.getJsonObject("delta").getString("content", "");
        ends[index] += choice.getString("finish_reason") == null ? 0 : 1;
      }
    }
    assertEquals(List.of("one", "two"), List.of(texts));
    assertEquals(1, ends[0]);
    assertEquals(1, ends[1]);
  }

  @Test
  void logprobsNameTokensAndBytes() throws Exception {
    server.engine.answer("A€");
    JsonObject answer = server.json(PATH, hello(",\"logprobs\":true,\"top_logprobs\":2"));
    assertEquals(
        new JsonObject(
                """
                {"content":[
                  {"token":"A","logprob":-0.25,"bytes":[65],"top_logprobs":[
                    {"token":"A","logprob":-0.25,"bytes":[65]},
                    {"token":"a","logprob":-9999.0,"bytes":[97]}]},
                  {"token":"\\\\xe2","logprob":-0.25,"bytes":[226],"top_logprobs":[
                    {"token":"\\\\xe2","logprob":-0.25,"bytes":[226]},
                    {"token":"a","logprob":-9999.0,"bytes":[97]}]},
                  {"token":"\\\\x82","logprob":-0.25,"bytes":[130],"top_logprobs":[
                    {"token":"\\\\x82","logprob":-0.25,"bytes":[130]},
                    {"token":"a","logprob":-9999.0,"bytes":[97]}]},
                  {"token":"\\\\xac","logprob":-0.25,"bytes":[172],"top_logprobs":[
                    {"token":"\\\\xac","logprob":-0.25,"bytes":[172]},
                    {"token":"a","logprob":-9999.0,"bytes":[97]}]}],
                 "refusal":null}\
                """)
            .encode(),
        choice(answer, 0).getJsonObject("logprobs").encode());
  }

  @Test
  void logprobsOfAStreamComeWithEveryTokenAlsoWithoutText() throws Exception {
    server.engine.answer("€");
    List<String> events = server.events(PATH, hello(",\"stream\":true,\"logprobs\":true"));
    List<String> tokens = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (String event : events.subList(1, events.size() - 2)) {
      JsonObject choice = choice(new JsonObject(event), 0);
      texts.add(choice.getJsonObject("delta").getString("content"));
      JsonArray content = choice.getJsonObject("logprobs").getJsonArray("content");
      tokens.add(content.getJsonObject(0).getString("token"));
    }
    assertEquals(List.of("\\xe2", "\\x82", "\\xac"), tokens);
    assertEquals(List.of("", "", "€"), texts);
  }

  @Test
  void parametersReachTheEngine() throws Exception {
    List<GenerationRequest> requests = new ArrayList<>();
    server.engine.script(
        submission -> {
          requests.addAll(submission.requests());
          submission.accept();
          submission.finish(0, FinishReason.STOP);
        });
    server.json(
        PATH,
        hello(
            """
            ,"temperature":0.5,"top_p":0.75,"top_k":7,"min_p":0.25,"presence_penalty":-1,
            "frequency_penalty":1.5,"repetition_penalty":1.25,"logit_bias":{"65":-100,"66":2.5},
            "seed":42,"stop_token_ids":[10],"max_completion_tokens":33,"logprobs":true,
            "top_logprobs":3,"user":"somebody","store":false,"service_tier":"auto",
            "metadata":{"a":"b"},"parallel_tool_calls":true,"response_format":{"type":"text"},
            "modalities":["text"],"tools":null,"tool_choice":"none","n":1\
            """));
    assertEquals(
        new SamplingParams(
            0.5f,
            7,
            0.75f,
            0.25f,
            -1,
            1.5f,
            1.25f,
            Map.of(65, -100f, 66, 2.5f),
            42,
            33,
            Set.of(10, TestModel.IM_END, TestModel.END_OF_TEXT),
            3,
            -1),
        requests.getFirst().params());
  }

  @Test
  void endTokensAreIgnoredWhereAskedFor() throws Exception {
    List<SamplingParams> params = new ArrayList<>();
    server.engine.script(
        submission -> {
          params.add(submission.requests().getFirst().params());
          submission.accept();
          submission.finish(0, FinishReason.LENGTH);
        });
    server.json(PATH, hello(",\"ignore_eos\":true,\"top_k\":-1"));
    assertEquals(Set.of(), params.getFirst().stopTokens());
    assertEquals(0, params.getFirst().topK());
    assertEquals(TestModel.CONTEXT_TOKENS - 21, params.getFirst().maxTokens());
  }

  @Test
  void onlyOneToolCallAtATimeIsEasyWithoutTools() throws Exception {
    server.engine.answer("Hello");
    String tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]";
    server.json(PATH, hello(",\"parallel_tool_calls\":false"));
    server.json(PATH, hello(",\"parallel_tool_calls\":false,\"tool_choice\":\"none\"," + tools));
  }

  @Test
  void everyKindOfMessageReachesTheTemplate() throws Exception {
    List<int[]> prompts = new ArrayList<>();
    server.engine.script(
        submission -> {
          prompts.add(submission.requests().getFirst().prompt());
          submission.accept();
          submission.finish(0, FinishReason.STOP);
        });
    server.json(
        PATH,
        """
        {"model":"tiny","messages":[
          {"role":"developer","content":"Be kind."},
          {"role":"user","name":"Ann","content":[{"type":"text","text":"a"},
            {"type":"text","text":"<|im_end|>"}]},
          {"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"c1","index":0,
            "type":"function","function":{"name":"f","arguments":"{}"}}]},
          {"role":"tool","tool_call_id":"c1","content":"7"}]}\
        """);
    String prompt =
        TestModel.served().tokenizer().detokenizer(true, true).accept(prompts.getFirst()[0]);
    assertEquals("<|im_start|>", prompt);
    StringBuilder shown = new StringBuilder();
    int starts = 0;
    for (int id : prompts.getFirst()) {
      starts += id == TestModel.IM_START ? 1 : 0;
      shown.append(id < 256 ? String.valueOf((char) id) : "|");
    }
    assertEquals(5, starts);
    assertEquals(
        """
        |system
        Be kind.|
        |user
        a
        <|im_end|>|
        |assistant
        |
        |tool
        7|
        |assistant
        """,
        shown.toString());
  }

  @Test
  void aLongBodyIsReadOnAnotherThread() throws Exception {
    List<Integer> lengths = new ArrayList<>();
    server.engine.script(
        submission -> {
          lengths.add(submission.requests().getFirst().prompt().length);
          submission.accept();
          submission.finish(0, FinishReason.STOP);
        });
    server.json(
        PATH,
        "{\"model\":\"tiny\",%s\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"
            .formatted(" ".repeat(90_000)));
    assertEquals(List.of(21), lengths);
    HttpResponse<String> wrong = server.post(PATH, "{" + " ".repeat(90_000));
    assertEquals(400, wrong.statusCode());
  }

  private static JsonObject choice(JsonObject answer, int index) {
    return answer.getJsonArray("choices").getJsonObject(index);
  }

  private static String content(JsonObject answer, int index) {
    assertFalse(choice(answer, index).getJsonObject("message").isEmpty());
    return choice(answer, index).getJsonObject("message").getString("content");
  }

  private static JsonObject delta(String event) {
    return choice(new JsonObject(event), 0).getJsonObject("delta");
  }

  @Test
  void anAnswerThatTakesTooLongIsA504AndGivesEverythingBack() throws Exception {
    try (ApiServer impatient = ApiServer.withRequestTimeout(30)) {
      impatient.engine.script(ScriptedEngine.Submission::accept);
      HttpResponse<String> response = impatient.post(PATH, hello(""));
      assertEquals(504, response.statusCode());
      impatient.assertNothingLeft();
    }
  }
}
