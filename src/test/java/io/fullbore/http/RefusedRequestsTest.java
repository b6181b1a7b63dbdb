package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RefusedRequestsTest {
  private static ApiServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ApiServer.start();
    server.engine.script(submission -> fail("a wrong request reached the engine"));
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @AfterEach
  void nothingIsLeft() {
    server.assertNothingLeft();
  }

  private static void assertRefused(HttpResponse<String> response, String param, String code) {
    assertEquals(400, response.statusCode(), response.body());
    JsonObject error = new JsonObject(response.body()).getJsonObject("error");
    assertEquals("invalid_request_error", error.getString("type"));
    assertEquals(param, error.getString("param"), error.encode());
    assertEquals(code, error.getString("code"), error.encode());
    assertFalse(error.getString("message").isBlank());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "temperature":3            | temperature            | invalid_value
          "temperature":-0.1         | temperature            | invalid_value
          "temperature":"hot"        | temperature            | invalid_type
          "top_p":0                  | top_p                  | invalid_value
          "top_p":1.5                | top_p                  | invalid_value
          "top_k":-2                 | top_k                  | invalid_value
          "top_k":1.5                | top_k                  | invalid_type
          "min_p":2                  | min_p                  | invalid_value
          "presence_penalty":-3      | presence_penalty       | invalid_value
          "frequency_penalty":2.5    | frequency_penalty      | invalid_value
          "repetition_penalty":0     | repetition_penalty     | invalid_value
          "repetition_penalty":11    | repetition_penalty     | invalid_value
          "repetition_penalty":1e-38 | repetition_penalty     | invalid_value
          "repetition_penalty":0.009 | repetition_penalty     | invalid_value
          "logit_bias":[]            | logit_bias             | invalid_type
          "logit_bias":{"a":1}       | logit_bias.a           | invalid_value
          "logit_bias":{"5":101}     | logit_bias.5           | invalid_value
          "logit_bias":{"5":"x"}     | logit_bias.5           | invalid_type
          "logit_bias":{"999":1}     | logit_bias             | invalid_value
          "seed":1.5                 | seed                   | invalid_type
          "seed":99999999999999999999 | seed                  | invalid_value
          "stop":""                  | stop                   | invalid_value
          "stop":["a",""]            | stop[1]                | invalid_value
          "stop":["a",7]             | stop[1]                | invalid_type
          "stop":7                   | stop                   | invalid_type
          "stop":"\\ud83d"           | stop                   | invalid_value
          "stop":["a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a"] | stop | invalid_value
          "stop_token_ids":[-1]      | stop_token_ids[0]      | invalid_value
          "stop_token_ids":7         | stop_token_ids         | invalid_type
          "ignore_eos":"yes"         | ignore_eos             | invalid_type
          "n":0                      | n                      | invalid_value
          "n":129                    | n                      | invalid_value
          "stream":"true"            | stream                 | invalid_type
          "stream_options":{}        | stream_options         | invalid_value
          "stream":false,"stream_options":{"include_usage":true} | stream_options | invalid_value
          "stream":true,"stream_options":{"include_usage":1} | stream_options.include_usage | invalid_type
          "stream":true,"stream_options":{"more":true} | stream_options.more | unknown_parameter
          "user":7                   | user                   | invalid_type
          "metadata":"x"             | metadata               | invalid_type
          "foo":1                    | foo                    | unknown_parameter
          "guided_decoding_backend":"x" | guided_decoding_backend | unknown_parameter
          """)
  void bothEndpointsRefuse(String field, String param, String code) throws Exception {
    assertRefused(
        server.post(
            "/v1/chat/completions",
            "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],%s}"
                .formatted(field)),
        param,
        code);
    assertRefused(
        server.post(
            "/v1/completions", "{\"model\":\"tiny\",\"prompt\":\"Hi\",%s}".formatted(field)),
        param,
        code);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "max_tokens":0             | max_tokens             | invalid_value
          "max_completion_tokens":-1 | max_completion_tokens  | invalid_value
          "max_tokens":5,"max_completion_tokens":6 | max_tokens | invalid_value
          "max_tokens":1000          | messages               | context_length_exceeded
          "logprobs":2               | logprobs               | invalid_type
          "top_logprobs":2           | top_logprobs           | invalid_value
          "logprobs":true,"top_logprobs":21 | top_logprobs    | invalid_value
          "store":true               | store                  | unsupported_value
          "service_tier":"flex"      | service_tier           | invalid_value
          "tools":{}                 | tools                  | invalid_type
          "tools":[{"type":"custom"}] | tools[0].type         | unsupported_value
          "tools":[{"type":"function"}] | tools[0].function   | missing_required_parameter
          "tools":[{"type":"function","function":{}}] | tools[0].function.name | missing_required_parameter
          "tools":[{"type":"function","function":{"name":"f"},"x":1}] | tools[0].x | unknown_parameter
          "tools":[{"type":"function","function":{"name":"f","x":1}}] | tools[0].function.x | unknown_parameter
          "tools":[{"type":"function","function":{"name":"f","description":1}}] | tools[0].function.description | invalid_type
          "tools":[{"type":"function","function":{"name":"f","parameters":[]}}] | tools[0].function.parameters | invalid_type
          "tools":[{"type":"function","function":{"name":"f","strict":1}}] | tools[0].function.strict | invalid_type
          "parallel_tool_calls":1    | parallel_tool_calls    | invalid_type
          "response_format":{"type":"text","x":1} | response_format.x | unknown_parameter
          "tool_choice":"required"   | tool_choice            | unsupported_value
          "tool_choice":{"type":"function","function":{"name":"f"}} | tool_choice | unsupported_value
          "tool_choice":"maybe"      | tool_choice            | invalid_value
          "response_format":{"type":"xml"} | response_format.type  | invalid_value
          "response_format":{"type":"json_schema"} | response_format.json_schema | missing_required_parameter
          "response_format":{"type":"json_schema","json_schema":{"schema":{"not":{}}}} | response_format | invalid_value
          "guided_json":{"type":"strin"} | guided_json       | invalid_value
          "guided_json":"{"          | guided_json            | invalid_value
          "guided_json":1            | guided_json            | invalid_type
          "guided_regex":"(a"        | guided_regex           | invalid_value
          "guided_regex":["a"]       | guided_regex           | invalid_type
          "guided_choice":[]         | guided_choice          | invalid_value
          "guided_choice":[1]        | guided_choice[0]       | invalid_type
          "guided_grammar":"root ::= x" | guided_grammar      | invalid_value
          "grammar":"a"              | grammar                | invalid_value
          "guided_regex":"a","guided_choice":["a"] | guided_choice | invalid_value
          "response_format":{}       | response_format.type   | missing_required_parameter
          "modalities":["text","audio"] | modalities          | unsupported_value
          "chat_template_kwargs":7   | chat_template_kwargs   | invalid_type
          "chat_template_kwargs":{"messages":[]} | chat_template_kwargs.messages | invalid_value
          "audio":{}                 | audio                  | unsupported_parameter
          "functions":[]             | functions              | unsupported_parameter
          "function_call":"auto"     | function_call          | unsupported_parameter
          "prediction":{}            | prediction             | unsupported_parameter
          "web_search_options":{}    | web_search_options     | unsupported_parameter
          "reasoning_effort":"low"   | reasoning_effort       | unsupported_parameter
          "echo":true                | echo                   | unknown_parameter
          """)
  void chatsRefuse(String field, String param, String code) throws Exception {
    assertRefused(
        server.post(
            "/v1/chat/completions",
            "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],%s}"
                .formatted(field)),
        param,
        code);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "Hi"                              | messages                  | invalid_type
          []                                | messages                  | invalid_value
          ["Hi"]                            | messages[0]               | invalid_type
          [{"content":"Hi"}]                | messages[0].role          | missing_required_parameter
          [{"role":"king","content":"Hi"}]  | messages[0].role          | invalid_value
          [{"role":7,"content":"Hi"}]       | messages[0].role          | invalid_type
          [{"role":"user"}]                 | messages[0].content       | missing_required_parameter
          [{"role":"user","content":null}]  | messages[0].content       | missing_required_parameter
          [{"role":"user","content":7}]     | messages[0].content       | invalid_type
          [{"role":"user","content":[]}]    | messages[0].content       | invalid_value
          [{"role":"user","content":["a"]}] | messages[0].content[0]    | invalid_type
          [{"role":"user","content":[{"type":"text"}]}] | messages[0].content[0].text | missing_required_parameter
          [{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}}]}] | messages[0].content[1].type | unsupported_value
          [{"role":"user","content":[{"type":"input_audio"}]}] | messages[0].content[0].type | unsupported_value
          [{"role":"user","content":[{"type":"smell"}]}] | messages[0].content[0].type | invalid_value
          [{"role":"user","content":"Hi","tool_calls":[]}] | messages[0].tool_calls | unknown_parameter
          [{"role":"user","content":"Hi","mood":"good"}] | messages[0].mood | unknown_parameter
          [{"role":"assistant"}]            | messages[0].content       | missing_required_parameter
          [{"role":"assistant","content":null,"function_call":{}}] | messages[0].function_call | unsupported_parameter
          [{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":"{}"}}]}] | messages[0].tool_calls[0].id | missing_required_parameter
          [{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":{}}}]}] | messages[0].tool_calls[0].function.arguments | invalid_type
          [{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":" ","arguments":""}}]}] | messages[0].tool_calls[0].function.name | invalid_value
          [{"role":"user","content":"Hi"},{"role":"tool","content":"7"}] | messages[1].tool_call_id | missing_required_parameter
          """)
  void messagesAreRefused(String messages, String param, String code) throws Exception {
    assertRefused(
        server.post(
            "/v1/chat/completions", "{\"model\":\"tiny\",\"messages\":%s}".formatted(messages)),
        param,
        code);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "prompt":7                 | prompt                 | invalid_type
          "prompt":[]                | prompt                 | invalid_value
          "prompt":""                | prompt                 | invalid_value
          "prompt":["a",7]           | prompt[1]              | invalid_type
          "prompt":[1,"a"]           | prompt[1]              | invalid_type
          "prompt":[1,2.5]           | prompt[1]              | invalid_type
          "prompt":[-1]              | prompt[0]              | invalid_value
          "prompt":[999]             | prompt                 | invalid_value
          "prompt":[[1],[true]]      | prompt[1][0]           | invalid_type
          "prompt":null              | prompt                 | missing_required_parameter
          "prompt":"a","max_tokens":0 | max_tokens            | invalid_value
          "prompt":"a","max_tokens":1000 | prompt             | context_length_exceeded
          "prompt":"a","logprobs":true | logprobs             | invalid_type
          "prompt":"a","logprobs":21 | logprobs               | invalid_value
          "prompt":"a","suffix":"b"  | suffix                 | unsupported_parameter
          "prompt":"a","best_of":2   | best_of                | unsupported_value
          "prompt":"a","messages":[] | messages               | unknown_parameter
          """)
  void textCompletionsRefuse(String fields, String param, String code) throws Exception {
    assertRefused(
        server.post("/v1/completions", "{\"model\":\"tiny\",%s}".formatted(fields)), param, code);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``                                | ``    | invalid_type
          [1]                               | ``    | invalid_type
          {"model":"tiny"                   | ``    | invalid_json
          {"model":"tiny"} x                | ``    | invalid_json
          {"model":"tiny","model":"tiny"}   | ``    | invalid_json
          {"model":NaN}                     | ``    | invalid_json
          {}                                | model | missing_required_parameter
          {"model":7}                       | model | invalid_type
          """)
  void brokenBodiesAreRefused(String body, String param, String code) throws Exception {
    for (String path : new String[] {"/v1/chat/completions", "/v1/completions"}) {
      assertRefused(server.post(path, body), param.isEmpty() ? null : param, code);
    }
  }

  @Test
  void longStopStringsAreRefused() throws Exception {
    String request = "{\"model\":\"tiny\",\"prompt\":\"Hi\",\"stop\":[\"a\",\"%s\"]%s}";
    assertRefused(
        server.post("/v1/completions", request.formatted("x".repeat(513), "")),
        "stop[1]",
        "invalid_value");
    assertRefused( // the length of the other is right, what comes after it is not
        server.post("/v1/completions", request.formatted("x".repeat(512), ",\"wrong\":1")),
        "wrong",
        "unknown_parameter");
  }

  @Test
  void deepNestingIsRefused() throws Exception {
    String deep = "{\"model\":" + "[".repeat(50_000);
    assertRefused(server.post("/v1/completions", deep), null, "invalid_json");
  }

  @Test
  void aModelThatIsNotThereIsNamed() throws Exception {
    HttpResponse<String> response =
        server.post("/v1/completions", "{\"model\":\"huge\",\"prompt\":\"a\"}");
    assertEquals(404, response.statusCode());
    JsonObject error = new JsonObject(response.body()).getJsonObject("error");
    assertEquals("model_not_found", error.getString("code"));
    assertEquals(
        "The model 'huge' does not exist here. Available: tiny.", error.getString("message"));
  }
}
