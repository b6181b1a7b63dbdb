package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.core.Failure;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What of OpenAI's chat completions Anthropic's API can be asked, and how. */
class AnthropicRequestTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static final String CHAT = "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";

  @Test
  void systemAndDeveloperTextsStandBeforeTheTurns() {
    assertTranslated(
        """
        {"messages":[
          {"role":"system","content":"You are terse."},
          {"role":"user","content":"Hello"},
          {"role":"developer","content":[{"type":"text","text":"Answer in French."}]},
          {"role":"assistant","content":"Bonjour."},
          {"role":"user","content":"Again"}]}
        """,
        """
        {"system":[{"type":"text","text":"You are terse."},
                   {"type":"text","text":"Answer in French."}],
         "messages":[
          {"role":"user","content":[{"type":"text","text":"Hello"}]},
          {"role":"assistant","content":[{"type":"text","text":"Bonjour."}]},
          {"role":"user","content":[{"type":"text","text":"Again"}]}]}
        """);
  }

  @Test
  void turnsOfOneRoleAreMergedAndBlankTextsLeftOut() {
    assertTranslated(
        """
        {"messages":[
          {"role":"system","content":""},
          {"role":"user","content":"One"},
          {"role":"user","content":[{"type":"text","text":" \\n"},{"type":"text","text":"Two"}]}]}
        """,
        """
        {"messages":[
          {"role":"user","content":[{"type":"text","text":"One"},{"type":"text","text":"Two"}]}]}
        """);
  }

  @Test
  void imagesBecomeBlocks() {
    assertTranslated(
        """
        {"messages":[{"role":"user","content":[
          {"type":"text","text":"What differs?","cache_control":{"type":"ephemeral"}},
          {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}},
          {"type":"image_url","image_url":{"url":"https://example.com/a.jpg","detail":"high"}}]}]}
        """,
        """
        {"messages":[{"role":"user","content":[
          {"type":"text","text":"What differs?","cache_control":{"type":"ephemeral"}},
          {"type":"image","source":
            {"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},
          {"type":"image","source":{"type":"url","url":"https://example.com/a.jpg"}}]}]}
        """);
  }

  @Test
  void theLoopOfParallelToolsGoesThereAndBack() {
    assertTranslated(
        """
        {"messages":[
          {"role":"user","content":"Weather in Paris and Rome?"},
          {"role":"assistant","content":null,"refusal":null,"annotations":[],"tool_calls":[
            {"id":"call_1","type":"function",
             "function":{"name":"weather","arguments":"{\\"city\\": \\"Paris\\", \\"days\\": 1.0}"}},
            {"id":"call_2","type":"function","function":{"name":"now","arguments":""}}]},
          {"role":"tool","tool_call_id":"call_1","content":"18 °C"},
          {"role":"tool","tool_call_id":"call_2","name":"now","content":""},
          {"role":"user","content":"In Fahrenheit, please."}]}
        """,
        """
        {"messages":[
          {"role":"user","content":[{"type":"text","text":"Weather in Paris and Rome?"}]},
          {"role":"assistant","content":[
            {"type":"tool_use","id":"call_1","name":"weather","input":{"city":"Paris","days":1.0}},
            {"type":"tool_use","id":"call_2","name":"now","input":{}}]},
          {"role":"user","content":[
            {"type":"tool_result","tool_use_id":"call_1",
             "content":[{"type":"text","text":"18 °C"}]},
            {"type":"tool_result","tool_use_id":"call_2"},
            {"type":"text","text":"In Fahrenheit, please."}]}]}
        """);
  }

  @Test
  void argumentsKeepTheirNumbers() {
    JsonNode turns =
        translate(
                """
                {"messages":[{"role":"assistant","tool_calls":[{"id":"c","function":
                  {"name":"f","arguments":"{\\"a\\":12345678901234567890.123456789,\\"b\\":2.50}"}}
                ]}]}
                """)
            .path("messages");
    assertEquals(
        "{\"a\":12345678901234567890.123456789,\"b\":2.50}",
        turns.at("/0/content/0/input").toString());
  }

  @Test
  void argumentsThatAreNestedTooDeepToBeSentAreForOthers() {
    String deep = "{\\\"a\\\":".repeat(999) + "1" + "}".repeat(999);
    assertMisfit(
        "{\"messages\":[%s]}",
        "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"function\":"
            + "{\"name\":\"f\",\"arguments\":\"%s\"}}]}".formatted(deep),
        "messages[0].tool_calls[0].function.arguments",
        true);
  }

  @Test
  void thoughtsGoBackWithTheirSignatureOnly() {
    assertTranslated(
        """
        {"messages":[
          {"role":"user","content":"Weather?"},
          {"role":"assistant","content":"Let me see.","reasoning_content":"I need the tool.",
           "thinking_blocks":[
             {"type":"thinking","thinking":"I need the tool.","signature":"EqQB"},
             {"type":"redacted_thinking","data":"EmwK"}],
           "tool_calls":[
             {"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
          {"role":"tool","tool_call_id":"c","content":"Sunny"},
          {"role":"assistant","content":"Sunny.","reasoning_content":"Unsigned."}]}
        """,
        """
        {"messages":[
          {"role":"user","content":[{"type":"text","text":"Weather?"}]},
          {"role":"assistant","content":[
            {"type":"thinking","thinking":"I need the tool.","signature":"EqQB"},
            {"type":"redacted_thinking","data":"EmwK"},
            {"type":"text","text":"Let me see."},
            {"type":"tool_use","id":"c","name":"f","input":{}}]},
          {"role":"user","content":[
            {"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"Sunny"}]}]},
          {"role":"assistant","content":[{"type":"text","text":"Sunny."}]}]}
        """);
  }

  @Test
  void toolsAreDescribedByTheirSchema() {
    assertAdded(
        """
        {"tools":[
           {"type":"function","function":{"name":"weather","description":"Says the weather.",
            "strict":true,"parameters":{"type":"object","properties":{"city":{"type":"string"}},
            "required":["city"],"additionalProperties":false}}},
           {"type":"function","cache_control":{"type":"ephemeral"},"function":{"name":"now"}}]}
        """,
        """
        {"tools":[
           {"name":"weather","description":"Says the weather.","strict":true,
            "input_schema":{"type":"object","properties":{"city":{"type":"string"}},
            "required":["city"],"additionalProperties":false}},
           {"name":"now","cache_control":{"type":"ephemeral"},"input_schema":{"type":"object"}}]}
        """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"tool_choice\":\"auto\" | {\"type\":\"auto\"}",
        "\"tool_choice\":\"none\" | {\"type\":\"none\"}",
        "\"tool_choice\":\"required\" | {\"type\":\"any\"}",
        "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}}"
            + " | {\"type\":\"tool\",\"name\":\"f\"}",
        "\"parallel_tool_calls\":false | {\"type\":\"auto\",\"disable_parallel_tool_use\":true}",
        "\"parallel_tool_calls\":false,\"tool_choice\":\"required\""
            + " | {\"type\":\"any\",\"disable_parallel_tool_use\":true}",
        "\"parallel_tool_calls\":false,\"tool_choice\":\"none\" | {\"type\":\"none\"}",
      })
  void theChoiceOfToolsIsTranslated(String choice, String translated) {
    String tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]";
    assertAdded(
        "{%s,%s}".formatted(tools, choice),
        "{\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\"}}],\"tool_choice\":%s}"
            .formatted(translated));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"temperature\":0.2,\"top_k\":40} | {\"temperature\":0.2,\"top_k\":40}",
        "{\"top_p\":0.9} | {\"top_p\":0.9}",
        "{\"temperature\":1,\"top_p\":1.0,\"top_k\":-1} | {}",
        "{\"stop\":\"END\"} | {\"stop_sequences\":[\"END\"]}",
        "{\"stop\":[\"a\",\"b\"]} | {\"stop_sequences\":[\"a\",\"b\"]}",
        "{\"stop\":[]} | {}",
        "{\"user\":\"u-1\"} | {\"metadata\":{\"user_id\":\"u-1\"}}",
        "{\"user\":\"\",\"metadata\":{\"job\":\"nightly\"},\"prompt_cache_key\":\"p\"} | {}",
        "{\"user\":\"u-1\",\"metadata\":{\"user_id\":\"u-2\"}} |"
            + " {\"metadata\":{\"user_id\":\"u-2\"}}",
        "{\"service_tier\":\"auto\"} | {\"service_tier\":\"auto\"}",
        "{\"service_tier\":\"default\"} | {\"service_tier\":\"standard_only\"}",
        "{\"reasoning_effort\":\"none\"} | {\"thinking\":{\"type\":\"disabled\"}}",
        "{\"reasoning_effort\":\"high\",\"temperature\":1}"
            + " | {\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"high\"}}",
        "{\"reasoning_effort\":\"low\",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2048}}"
            + " | {\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2048},"
            + "\"output_config\":{\"effort\":\"low\"}}",
        "{\"thinking\":{\"type\":\"adaptive\",\"display\":\"summarized\"},\"container\":\"c\"}"
            + " | {\"thinking\":{\"type\":\"adaptive\",\"display\":\"summarized\"},"
            + "\"container\":\"c\"}",
        "{\"response_format\":{\"type\":\"text\"}} | {}",
        "{\"n\":1,\"logprobs\":false,\"logit_bias\":{},\"presence_penalty\":0.0,\"seed\":null,"
            + "\"modalities\":[\"text\"],\"tool_choice\":\"auto\",\"store\":false} | {}",
      })
  void parametersAreTranslated(String asked, String translated) {
    assertAdded(asked, translated);
  }

  @Test
  void aSchemaConstrainsTheAnswer() {
    assertAdded(
        """
        {"output_config":{"effort":"medium"},"response_format":{"type":"json_schema","json_schema":
          {"name":"person","strict":true,"schema":{"type":"object",
           "properties":{"age":{"type":"integer"}},"additionalProperties":false}}}}
        """,
        """
        {"output_config":{"effort":"medium","format":{"type":"json_schema",
          "schema":{"type":"object","properties":{"age":{"type":"integer"}},
          "additionalProperties":false}}}}
        """);
  }

  @Test
  void theStatedLengthAndTheStreamArePassedOn() {
    ForwardedCall stated = chat(CHAT);
    JsonNode body =
        AnthropicRequest.translate(
            new ForwardedCall(stated.endpoint(), stated.body(), true, true, 1, 33, 0), "m", 4_096);
    assertEquals(33, body.path("max_tokens").asInt());
    assertTrue(body.path("stream").asBoolean());
    assertFalse(body.has("stream_options"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"n\":2 | n",
        "\"logprobs\":true | logprobs",
        "\"top_logprobs\":3 | top_logprobs",
        "\"logit_bias\":{\"7\":-100} | logit_bias",
        "\"presence_penalty\":0.5 | presence_penalty",
        "\"seed\":42 | seed",
        "\"temperature\":1.5 | temperature",
        "\"min_p\":0.1 | min_p",
        "\"stop\":[\"x\",\"\\n\"] | stop[1]",
        "\"store\":true | store",
        "\"service_tier\":\"flex\" | service_tier",
        "\"reasoning_effort\":\"minimal\" | reasoning_effort",
        "\"reasoning_effort\":\"low\",\"temperature\":0 | temperature",
        "\"response_format\":{\"type\":\"json_object\"} | response_format.type",
        "\"functions\":[] | functions",
        "\"never_heard_of\":1 | never_heard_of",
        "\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"f\"}}] | tools[0].type",
        "\"tool_choice\":\"required\" | tool_choice",
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":"
            + "{\"type\":\"allowed_tools\"} | tool_choice.type",
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":"
            + "\"required\",\"reasoning_effort\":\"low\" | tool_choice",
      })
  void whatHasNoCounterpartIsForOthers(String asked, String param) {
    assertMisfit("{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],%s}", asked, param, true);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"role\":\"user\",\"content\":\"\"} | messages[0].content",
        "{\"role\":\"assistant\",\"content\":null} | messages[0].content",
        "{\"role\":\"user\",\"content\":\"Hi\",\"name\":\"Ann\"} | messages[0].name",
        "{\"role\":\"function\",\"name\":\"f\",\"content\":\"7\"} | messages[0].role",
        "{\"role\":\"system\",\"content\":\"Only that.\"} | messages",
        "{\"role\":\"assistant\",\"audio\":{\"id\":\"a\"}} | messages[0].audio",
        "{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\"}]}"
            + " | messages[0].content[0].type",
        "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"x.type\":1}]}"
            + " | messages[0].content[0].x.type",
        "{\"role\":\"assistant\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
            + "{\"url\":\"https://e.com/a.png\"}}]} | messages[0].content[0].type",
        "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
            + "{\"url\":\"https://e.com/a.png\",\"detail\":\"low\"}}]}"
            + " | messages[0].content[0].image_url.detail",
        "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
            + "{\"url\":\"data:image/tiff;base64,AA==\"}}]}"
            + " | messages[0].content[0].image_url.url",
        "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":"
            + "{\"url\":\"http://e.com/a.png\"}}]} | messages[0].content[0].image_url.url",
        "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":"
            + "{\"name\":\"f\",\"arguments\":\"{\"}}]}"
            + " | messages[0].tool_calls[0].function.arguments",
        "{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"f.0\",\"type\":\"function\","
            + "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}"
            + " | messages[0].tool_calls[0].id",
      })
  void messagesWithoutCounterpartAreForOthers(String message, String param) {
    assertMisfit("{\"messages\":[%s]}", message, param, true);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"messages\":[7]",
        "\"messages\":[{\"role\":\"user\"}]",
        "\"messages\":[{\"role\":\"user\",\"content\":7}]",
        "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]",
        "\"messages\":[{\"role\":\"tool\",\"content\":\"7\"}]",
        "\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"c\"}]}]",
        "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"temperature\":\"hot\"",
        "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"stop\":7",
        "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"tools\":{}",
        "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"metadata\":\"m\"",
      })
  void malformedRequestsAreForNobody(String body) {
    var misfit = assertThrows(MisfitException.class, () -> translate("{" + body + "}"), body);
    assertFalse(misfit.failure().elsewhere(), misfit.getMessage());
  }

  @Test
  void whateverAValueIsTheRequestIsTranslatedOrRefused() {
    JsonNode request =
        parse(
            """
            {"messages":[
              {"role":"system","content":"s"},
              {"role":"user","content":[
                {"type":"text","text":"a"},
                {"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]},
              {"role":"assistant","content":"b","refusal":"c","thinking_blocks":[{"type":"t"}],
               "tool_calls":[
                {"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
              {"role":"tool","tool_call_id":"c","content":"7"}],
             "tools":[{"type":"function","function":{"name":"f","description":"d","strict":true,
               "parameters":{"type":"object"}}}],
             "tool_choice":{"type":"function","function":{"name":"f"}},
             "parallel_tool_calls":false,"temperature":0.5,"top_p":0.9,"top_k":7,"n":1,
             "stop":["a"],"user":"u","metadata":{"user_id":"u"},"service_tier":"auto",
             "output_config":{"effort":"low"},"thinking":{"type":"disabled"},
             "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}}
            """);
    translate(request.toString());
    for (JsonNode mutant : JsonMutants.of(request)) {
      try {
        translate(mutant.toString());
      } catch (MisfitException e) {
        assertFalse(e.getMessage().isEmpty());
      }
    }
  }

  private static void assertMisfit(String body, String part, String param, boolean elsewhere) {
    var misfit = assertThrows(MisfitException.class, () -> translate(body.formatted(part)));
    assertEquals(elsewhere, misfit.failure().elsewhere());
    assertEquals(param, ((Failure.InvalidRequest) misfit.failure().failure()).param());
    assertTrue(misfit.getMessage().contains("'" + param + "'"), misfit.getMessage());
  }

  /** Of a request with one message, what these parameters add. */
  private static void assertAdded(String parameters, String expected) {
    var asked = chat(CHAT).body();
    asked.setAll(chat(parameters).body());
    assertEquals(parse(expected), rest(asked.toString(), "model", "max_tokens", "messages"));
  }

  private static void assertTranslated(String body, String expected) {
    assertEquals(parse(expected), rest(body, "model", "max_tokens"));
  }

  /** The translation as it is sent, but for some fields. */
  private static JsonNode rest(String body, String... without) {
    return chat(translate(body).toString()).body().without(List.of(without));
  }

  private static JsonNode translate(String body) {
    return AnthropicRequest.translate(chat(body), "m", 4_096);
  }

  /** A call as a caller writes it. */
  static ForwardedCall chat(String body) {
    return new ForwardedCall(
        ForwardedCall.Endpoint.CHAT_COMPLETIONS,
        (ObjectNode) parse(body),
        false,
        false,
        1,
        null,
        0);
  }

  private static JsonNode parse(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(json, e);
    }
  }
}
