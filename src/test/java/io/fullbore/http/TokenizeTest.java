package io.fullbore.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizeTest {
  private static ApiServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ApiServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      textBlock =
          """
          {"prompt":"a b"} ~ {"count":3,"max_model_len":1000,"tokens":[97,32,98],"token_strs":null}
          {"model":"tiny","prompt":"a b","return_token_strs":true,"add_special_tokens":false} ~ {"count":3,"max_model_len":1000,"tokens":[97,32,98],"token_strs":["a","Ġ","b"]}
          {"prompt":""} ~ {"count":0,"max_model_len":1000,"tokens":[],"token_strs":null}
          {"messages":[{"role":"user","content":"<|im_end|>"}],"add_generation_prompt":false} ~ {"count":18,"max_model_len":1000,"tokens":[256,117,115,101,114,10,60,124,105,109,95,101,110,100,124,62,257,10],"token_strs":null}
          {"content":"a€"} ~ {"tokens":[97,226,130,172]}
          {"content":"aÿ","add_special":true,"with_pieces":true} ~ {"tokens":[{"id":97,"piece":"a"},{"id":195,"piece":[195]},{"id":191,"piece":[191]}]}
          """)
  void textsBecomeTokens(String body, String answer) throws Exception {
    assertEquals(answer, server.json("/tokenize", body).encode());
  }

  @Test
  void aChatGetsTheBeginningOfTheAnswer() throws Exception {
    JsonObject answer =
        server.json("/tokenize", "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
    assertEquals(21, answer.getInteger("count"));
  }

  @Test
  void tokensBecomeText() throws Exception {
    assertEquals(
        "{\"prompt\":\"a€<|im_end|>\",\"content\":\"a€<|im_end|>\"}",
        server.json("/detokenize", "{\"tokens\":[97,226,130,172,257]}").encode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          /tokenize   | {}                         | prompt    | missing_required_parameter | 400
          /tokenize   | {"prompt":["a"]}           | prompt    | invalid_type      | 400
          /tokenize   | {"content":"a","prompt":"b"} | prompt  | unknown_parameter | 400
          /tokenize   | {"messages":[]}            | messages  | invalid_value     | 400
          /tokenize   | {"model":"huge","prompt":"a"} | model  | model_not_found   | 404
          /tokenize   | {"messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f"}}]} | messages | invalid_value | 400
          /detokenize | {}                         | tokens    | missing_required_parameter | 400
          /detokenize | {"tokens":"a"}             | tokens    | invalid_type      | 400
          /detokenize | {"tokens":[1,259]}         | tokens[1] | invalid_value     | 400
          /detokenize | {"tokens":[1],"model":"huge"} | model  | model_not_found   | 404
          """)
  void wrongRequestsAreRefused(String path, String body, String param, String code, int status)
      throws Exception {
    HttpResponse<String> response = server.post(path, body);
    assertEquals(status, response.statusCode(), response.body());
    JsonObject error = new JsonObject(response.body()).getJsonObject("error");
    assertEquals(param, error.getString("param"), error.encode());
    assertEquals(code, error.getString("code"), error.encode());
  }
}
