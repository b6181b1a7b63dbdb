package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.knuddels.jtokkit.api.EncodingType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenCountTest {
  private static final TokenCount COUNT = new TokenCount();

  @ParameterizedTest
  @CsvSource({
    "gpt-3.5-turbo, CL100K_BASE",
    "gpt-35-turbo, CL100K_BASE",
    "gpt-4, CL100K_BASE",
    "gpt-4-turbo, CL100K_BASE",
    "openai/gpt-4-0613, CL100K_BASE",
    "gpt-4o, O200K_BASE",
    "gpt-4.1-mini, O200K_BASE",
    "o3, O200K_BASE",
    "qwen3-8b, O200K_BASE"
  })
  void aModelHasItsVocabulary(String model, EncodingType type) {
    assertEquals(type, TokenCount.encodingType(model));
  }

  /** The example of OpenAI's cookbook, and the counts that its API gave. */
  @ParameterizedTest
  @CsvSource({"gpt-3.5-turbo, 129", "gpt-4, 129", "gpt-4o, 124"})
  void messagesCountAsOpenAiCountsThem(String model, int tokens) {
    ForwardedCall call =
        Calls.chat(
            """
            {"model":"m","messages":[
            {"role":"system","content":"You are a helpful, pattern-following assistant that \
            translates corporate jargon into plain English."},
            {"role":"system","name":"example_user","content":"New synergies will help drive \
            top-line growth."},
            {"role":"system","name":"example_assistant","content":"Things working well together \
            will increase revenue."},
            {"role":"system","name":"example_user","content":"Let's circle back when we have more \
            bandwidth to touch base on opportunities for increased leverage."},
            {"role":"system","name":"example_assistant","content":"Let's talk later when we're \
            less busy about how to do better."},
            {"role":"user","content":"This late pivot means we don't have time to boil the ocean \
            for the client deliverable."}]}\
            """);
    assertEquals(tokens, COUNT.promptTokens(call, model));
  }

  @Test
  void theModelIsTheRequestsOwnWhereNoneIsNamed() {
    String form = "{\"model\":\"%s\",\"prompt\":\"漢漢漢漢\"}";
    assertEquals(8, COUNT.promptTokens(Calls.text(form.formatted("gpt-4"))));
    assertEquals(4, COUNT.promptTokens(Calls.text(form.formatted("gpt-4o"))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"two words\" | 2",
        "[\"two words\", \"one\"] | 3",
        "[1, 2, 3, 4, 5] | 5",
        "[[1, 2, 3], [4, 5]] | 5",
        "\"\" | 0",
        "null | 0"
      })
  void promptsAreTextsOrIds(String prompt, int tokens) {
    ForwardedCall call = Calls.text("{\"model\":\"gpt-4o\",\"prompt\":%s}".formatted(prompt));
    assertEquals(tokens, COUNT.promptTokens(call));
  }

  private static long chatTokens(String message, String more) {
    return COUNT.promptTokens(
        Calls.chat("{\"model\":\"gpt-4o\",\"messages\":[%s]%s}".formatted(message, more)));
  }

  @Test
  void partsToolsAndSchemasCount() {
    String plain = "{\"role\":\"user\",\"content\":\"two words\"}";
    long tokens = chatTokens(plain, "");
    assertEquals(3 + 3 + 1 + 2, tokens);
    assertEquals(
        tokens + TokenCount.PART_TOKENS + TokenCount.LOW_DETAIL_TOKENS,
        chatTokens(
            """
            {"role":"user","content":[{"type":"text","text":"two words"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},
            {"type":"image_url","image_url":{"url":"https://a/b.png","detail":"low"}}]}\
            """,
            ""));
    assertTrue(
        chatTokens(plain, ",\"tools\":[{\"function\":{\"name\":\"weather\"}}]") > tokens + 5);
    assertTrue(
        chatTokens(plain, ",\"response_format\":{\"json_schema\":{\"name\":\"weather\"}}")
            > tokens + 3);
    assertTrue(
        chatTokens(
                """
                {"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function",\
                "function":{"name":"weather","arguments":"{}"}}]}\
                """,
                "")
            > 15);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"messages\":7}", "{\"messages\":[7,{\"content\":{\"a\":1}}]}"})
  void whatIsNoPromptIsCountedAllTheSame(String body) {
    assertTrue(COUNT.promptTokens(Calls.chat(body)) >= 3);
  }

  @Test
  void specialTokensAreText() {
    assertEquals(7, COUNT.textTokens("<|endoftext|>", "gpt-4o"));
  }
}
