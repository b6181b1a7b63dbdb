package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Anthropic's API answers, in OpenAI's form. */
class AnthropicAnswerTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private static final String START =
      """
      {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant",
       "model":"claude-sonnet-4-6","content":[],"stop_reason":null,"stop_sequence":null,
       "usage":{"input_tokens":25,"cache_creation_input_tokens":100,
       "cache_read_input_tokens":2000,"output_tokens":1}}}
      """;

  private static final String STOP = "{\"type\":\"message_stop\"}";

  /** Thoughts, a text in two blocks, and two calls, of which one has no arguments. */
  private static final List<String> EVENTS =
      List.of(
          START,
          "{\"type\":\"ping\"}",
          start(0, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"),
          piece(0, "{\"type\":\"thinking_delta\",\"thinking\":\"Two \"}"),
          piece(0, "{\"type\":\"thinking_delta\",\"thinking\":\"cities.\"}"),
          piece(0, "{\"type\":\"signature_delta\",\"signature\":\"EqQB\"}"),
          stop(0),
          start(1, "{\"type\":\"redacted_thinking\",\"data\":\"EmwK\"}"),
          stop(1),
          start(2, "{\"type\":\"text\",\"text\":\"\"}"),
          piece(2, "{\"type\":\"text_delta\",\"text\":\"I'll look \"}"),
          piece(2, "{\"type\":\"text_delta\",\"text\":\"\"}"),
          piece(2, "{\"type\":\"a_later_delta\",\"news\":1}"),
          stop(2),
          "{\"type\":\"a_later_event\",\"index\":7}",
          start(3, "{\"type\":\"text\",\"text\":\"both \"}"),
          piece(3, "{\"type\":\"text_delta\",\"text\":\"up 😀.\"}"),
          stop(3),
          start(4, "{\"type\":\"a_later_block\",\"news\":1}"),
          piece(4, "{\"type\":\"text_delta\",\"text\":\"not an answer's text\"}"),
          stop(4),
          start(5, "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"weather\",\"input\":{}}"),
          piece(5, "{\"type\":\"input_json_delta\",\"partial_json\":\"\"}"),
          piece(5, "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"city\\\": \\\"Pa\"}"),
          piece(5, "{\"type\":\"input_json_delta\",\"partial_json\":\"ris\\\"}\"}"),
          stop(5),
          start(6, "{\"type\":\"tool_use\",\"id\":\"toolu_2\",\"name\":\"now\",\"input\":{}}"),
          stop(6),
          end("tool_use", "{\"output_tokens\":65}"),
          STOP);

  /** The same answer at once. */
  private static final String WHOLE =
      """
      {"id":"msg_01","type":"message","role":"assistant","model":"claude-sonnet-4-6","content":[
        {"type":"thinking","thinking":"Two cities.","signature":"EqQB"},
        {"type":"redacted_thinking","data":"EmwK"},
        {"type":"text","text":"I'll look ","citations":null},
        {"type":"text","text":"both up 😀."},
        {"type":"a_later_block","news":1},
        {"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Paris"}},
        {"type":"tool_use","id":"toolu_2","name":"now","input":{}}],
       "stop_reason":"tool_use","stop_sequence":null,
       "usage":{"input_tokens":25,"cache_creation_input_tokens":100,
       "cache_read_input_tokens":2000,"output_tokens":65,"service_tier":"standard"}}
      """;

  @Test
  void aWholeAnswerIsAChatCompletion() {
    assertEquals(
        parse(
            """
            {"id":"msg_01","object":"chat.completion","created":1700000000,
             "model":"claude-sonnet-4-6","choices":[{"index":0,"message":{
               "role":"assistant","content":"I'll look both up 😀.","refusal":null,
               "reasoning_content":"Two cities.",
               "thinking_blocks":[
                 {"type":"thinking","thinking":"Two cities.","signature":"EqQB"},
                 {"type":"redacted_thinking","data":"EmwK"}],
               "tool_calls":[
                 {"id":"toolu_1","type":"function",
                  "function":{"name":"weather","arguments":"{\\"city\\":\\"Paris\\"}"}},
                 {"id":"toolu_2","type":"function",
                  "function":{"name":"now","arguments":"{}"}}]},
               "logprobs":null,"finish_reason":"tool_calls"}],
             "usage":{"prompt_tokens":2125,"completion_tokens":65,"total_tokens":2190,
               "prompt_tokens_details":{"cached_tokens":2000}}}
            """),
        parse(answer().whole(parse(WHOLE)).toString()));
  }

  @Test
  void aStreamIsChunksOfOneAnswer() {
    List<ObjectNode> chunks = events(answer(), EVENTS);
    for (ObjectNode chunk : chunks) {
      assertEquals("msg_01", chunk.path("id").asText());
      assertEquals("chat.completion.chunk", chunk.path("object").asText());
      assertEquals(1_700_000_000, chunk.path("created").asLong());
      assertEquals("claude-sonnet-4-6", chunk.path("model").asText());
    }
    assertEquals("assistant", chunks.getFirst().at("/choices/0/delta/role").asText());
    JsonNode last = chunks.getLast();
    assertTrue(last.path("choices").isArray() && last.path("choices").isEmpty());
    assertEquals(2_190, last.at("/usage/total_tokens").asInt());
    JsonNode end = chunks.get(chunks.size() - 2);
    assertEquals("tool_calls", end.at("/choices/0/finish_reason").asText());
    assertTrue(end.at("/choices/0/delta").isEmpty());
    assertTrue(chunks.stream().limit(chunks.size() - 1).noneMatch(chunk -> chunk.has("usage")));
  }

  @Test
  void theChunksJoinedAreTheWholeAnswer() {
    JsonNode whole = answer().whole(parse(WHOLE));
    List<ObjectNode> chunks = events(answer(), EVENTS);
    JsonNode message = withParsedArguments(join(chunks));
    assertEquals(withParsedArguments(whole.at("/choices/0/message")), message);
    assertEquals(whole.path("usage"), chunks.getLast().path("usage"));
  }

  @Test
  void aCallIsNamedOnceAndItsArgumentsComeInPieces() {
    List<String> pieces =
        events(answer(), EVENTS).stream()
            .map(chunk -> chunk.at("/choices/0/delta/tool_calls/0"))
            .filter(JsonNode::isObject)
            .map(JsonNode::toString)
            .toList();
    assertEquals(
        List.of(
            "{\"index\":0,\"id\":\"toolu_1\",\"type\":\"function\","
                + "\"function\":{\"name\":\"weather\",\"arguments\":\"\"}}",
            "{\"index\":0,\"function\":{\"arguments\":\"{\\\"city\\\": \\\"Pa\"}}",
            "{\"index\":0,\"function\":{\"arguments\":\"ris\\\"}\"}}",
            "{\"index\":1,\"id\":\"toolu_2\",\"type\":\"function\","
                + "\"function\":{\"name\":\"now\",\"arguments\":\"\"}}",
            "{\"index\":1,\"function\":{\"arguments\":\"{}\"}}"),
        pieces);
  }

  @Test
  void eventsThatSayNothingGiveNoChunks() {
    var answer = answer();
    events(answer, List.of(START, start(0, "{\"type\":\"text\",\"text\":\"\"}")));
    assertEquals(List.of(), answer.event(parse("{\"type\":\"ping\"}")));
    assertEquals(List.of(), answer.event(parse(stop(0))));
    assertEquals(List.of(), answer.event(parse(end("end_turn", "{\"output_tokens\":1}"))));
  }

  @Test
  void onlyTheEndCompletesAStream() {
    var answer = answer();
    for (String event : EVENTS) {
      assertFalse(answer.complete(), event);
      answer.event(parse(event));
    }
    assertTrue(answer.complete());
  }

  @Test
  void theLastWordOnTokensHolds() {
    List<ObjectNode> chunks =
        events(
            answer(),
            List.of(
                START,
                end(
                    "end_turn",
                    "{\"input_tokens\":30,\"cache_read_input_tokens\":0,\"output_tokens\":9,"
                        + "\"output_tokens_details\":{\"thinking_tokens\":4}}"),
                STOP));
    assertEquals(
        parse(
            """
            {"prompt_tokens":130,"completion_tokens":9,"total_tokens":139,
             "prompt_tokens_details":{"cached_tokens":0},
             "completion_tokens_details":{"reasoning_tokens":4}}
            """),
        parse(chunks.getLast().path("usage").toString()));
  }

  @Test
  void theStopStringIsNamed() {
    String body =
        """
        {"id":"msg_02","type":"message","role":"assistant","model":"m","content":[],
         "stop_reason":"stop_sequence","stop_sequence":"END",
         "usage":{"input_tokens":3,"output_tokens":0}}
        """;
    assertEquals("END", answer().whole(parse(body)).at("/choices/0/stop_reason").textValue());
    String end =
        end("stop_sequence", "{\"output_tokens\":3}")
            .replace("\"stop_sequence\":null", "\"stop_sequence\":\"END\"");
    List<ObjectNode> chunks = events(answer(), List.of(START, end, STOP));
    assertEquals("END", chunks.get(chunks.size() - 2).at("/choices/0/stop_reason").textValue());
  }

  @ParameterizedTest
  @CsvSource({
    "end_turn, stop",
    "stop_sequence, stop",
    "max_tokens, length",
    "model_context_window_exceeded, length",
    "pause_turn, length",
    "tool_use, tool_calls",
    "refusal, content_filter",
    "a_later_reason, stop",
  })
  void stopReasonsBecomeFinishReasons(String stopReason, String finishReason) {
    JsonNode whole =
        answer()
            .whole(
                parse(
                    """
                    {"id":"msg_02","type":"message","role":"assistant","model":"m","content":[],
                     "stop_reason":"%s","usage":{"input_tokens":3,"output_tokens":0}}
                    """
                        .formatted(stopReason)));
    assertEquals(finishReason, whole.at("/choices/0/finish_reason").asText());
    assertEquals("", whole.at("/choices/0/message/content").textValue());
    List<ObjectNode> chunks =
        events(answer(), List.of(START, end(stopReason, "{\"output_tokens\":3}"), STOP));
    assertEquals(
        finishReason, chunks.get(chunks.size() - 2).at("/choices/0/finish_reason").asText());
  }

  @Test
  void anAnswerOfCallsOnlyHasNoContent() {
    JsonNode whole =
        answer()
            .whole(
                parse(
                    """
                    {"id":"msg_03","type":"message","role":"assistant","model":"m","content":[
                      {"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1.50}}],
                     "stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":9}}
                    """));
    assertTrue(whole.at("/choices/0/message/content").isNull());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{}",
        "{\"type\":7}",
        "{\"type\":\"error\"}",
        "{\"type\":\"message_start\",\"message\":{}}",
        "{\"type\":\"content_block_start\",\"index\":0}",
        "{\"type\":\"content_block_start\",\"index\":-1,\"content_block\":{\"type\":\"text\"}}",
        "{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\"}}",
        "{\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\"}}",
        "{\"type\":\"content_block_start\",\"index\":0,"
            + "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}",
        "{\"type\":\"content_block_delta\",\"index\":0}",
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\"}}",
        "{\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\"}}",
        "{\"type\":\"content_block_stop\",\"index\":1}",
        "{\"type\":\"content_block_stop\",\"index\":99999999999}",
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}",
        "{\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":-1}}",
        "{\"type\":\"message_stop\"}",
      })
  void malformedEventsAreRefused(String event) {
    var answer = answer();
    events(answer, List.of(START, start(0, "{\"type\":\"text\",\"text\":\"\"}")));
    assertThrows(IllegalArgumentException.class, () -> answer.event(parse(event)));
    assertFalse(answer.complete());
  }

  @Test
  void eventsOutOfOrderAreRefused() {
    var answer = answer();
    assertRefused(answer, STOP);
    assertRefused(answer, start(0, "{\"type\":\"text\",\"text\":\"\"}"));
    answer.event(parse(START));
    assertRefused(answer, START);
    assertRefused(answer, STOP); // no stop_reason yet
    events(answer, List.of(end("end_turn", "{\"output_tokens\":1}"), STOP));
    assertRefused(answer, end("end_turn", "{\"output_tokens\":1}"));
    assertRefused(answer, start(0, "{\"type\":\"text\",\"text\":\"\"}"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
        "{\"type\":\"message\"}",
        "{\"type\":\"message\",\"id\":\"i\",\"model\":\"m\",\"content\":[],"
            + "\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}",
        "{\"type\":\"message\",\"id\":\"i\",\"model\":\"m\",\"content\":{},"
            + "\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}",
        "{\"type\":\"message\",\"id\":\"i\",\"model\":\"m\",\"content\":[{\"text\":\"a\"}],"
            + "\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}",
        "{\"type\":\"message\",\"id\":\"i\",\"model\":\"m\",\"content\":[],"
            + "\"stop_reason\":\"end_turn\",\"usage\":{\"output_tokens\":1}}",
        "{\"type\":\"message\",\"id\":\"i\",\"model\":\"m\",\"content\":[],\"stop_reason\":"
            + "\"end_turn\",\"usage\":{\"input_tokens\":2147483647,\"output_tokens\":1}}",
      })
  void malformedAnswersAreRefused(String body) {
    var refused =
        assertThrows(IllegalArgumentException.class, () -> answer().whole(parse(body)), body);
    assertTrue(refused.getMessage().startsWith("malformed answer: "), refused.getMessage());
  }

  @Test
  void whateverAValueIsAnAnswerIsTranslatedOrRefused() {
    for (JsonNode mutant : JsonMutants.of(parse(WHOLE))) {
      try {
        answer().whole(mutant);
      } catch (IllegalArgumentException e) {
        assertTrue(e.getMessage().startsWith("malformed answer: "), e.getMessage());
      }
    }
    ArrayNode stream = MAPPER.createArrayNode();
    EVENTS.forEach(event -> stream.add(parse(event)));
    for (JsonNode mutant : JsonMutants.of(stream)) {
      var answer = answer();
      try {
        mutant.forEach(answer::event);
      } catch (IllegalArgumentException e) {
        assertFalse(answer.complete(), e.getMessage());
      }
    }
  }

  private static void assertRefused(AnthropicAnswer answer, String event) {
    assertThrows(IllegalArgumentException.class, () -> answer.event(parse(event)), event);
  }

  private static AnthropicAnswer answer() {
    return new AnthropicAnswer(1_700_000_000);
  }

  private static List<ObjectNode> events(AnthropicAnswer answer, List<String> events) {
    List<ObjectNode> chunks = new ArrayList<>();
    events.forEach(event -> chunks.addAll(answer.event(parse(event))));
    return chunks;
  }

  /** What a client of OpenAI's API makes of a stream. */
  private static ObjectNode join(List<ObjectNode> chunks) {
    ObjectNode message = MAPPER.createObjectNode();
    for (ObjectNode chunk : chunks) {
      JsonNode delta = chunk.at("/choices/0/delta");
      for (var field : delta.properties()) {
        String name = field.getKey();
        JsonNode value = field.getValue();
        switch (name) {
          case "tool_calls" -> value.forEach(call -> joinCall(message.withArray(name), call));
          case "thinking_blocks" -> message.withArray(name).addAll((ArrayNode) value);
          case "content", "reasoning_content" ->
              message.put(name, message.path(name).asText("") + value.textValue());
          default -> message.set(name, value);
        }
      }
    }
    return message;
  }

  private static void joinCall(ArrayNode calls, JsonNode piece) {
    int index = piece.path("index").intValue();
    if (index == calls.size()) {
      calls.add(((ObjectNode) piece.deepCopy()).without("index"));
    } else {
      ObjectNode function = (ObjectNode) calls.get(index).path("function");
      function.put(
          "arguments",
          function.path("arguments").textValue() + piece.at("/function/arguments").textValue());
    }
  }

  /** Spaces between the pieces of JSON may differ. */
  private static JsonNode withParsedArguments(JsonNode message) {
    JsonNode copy = message.deepCopy();
    for (JsonNode call : copy.path("tool_calls")) {
      ObjectNode function = (ObjectNode) call.path("function");
      function.set("arguments", parse(function.path("arguments").textValue()));
    }
    return copy;
  }

  private static String start(int index, String block) {
    return "{\"type\":\"content_block_start\",\"index\":%d,\"content_block\":%s}"
        .formatted(index, block);
  }

  private static String piece(int index, String delta) {
    return "{\"type\":\"content_block_delta\",\"index\":%d,\"delta\":%s}".formatted(index, delta);
  }

  private static String stop(int index) {
    return "{\"type\":\"content_block_stop\",\"index\":%d}".formatted(index);
  }

  private static String end(String stopReason, String usage) {
    return "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"%s\",\"stop_sequence\":null},\"usage\":%s}"
        .formatted(stopReason, usage);
  }

  private static JsonNode parse(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(json, e);
    }
  }
}
