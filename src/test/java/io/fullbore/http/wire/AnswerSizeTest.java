package io.fullbore.http.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.fullbore.core.Caller;
import io.fullbore.core.Failure;
import io.fullbore.routing.RoutingTable;
import io.vertx.core.buffer.Buffer;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnswerSizeTest {
  private static final RoutingTable ROUTES = new RoutingTable(new TreeMap<>());
  private static final Requester NOBODY = new Requester(Caller.ANONYMOUS, null);

  private static final int CONTEXT_TOKENS = 100_000;

  private static Failure.InvalidRequest chat(String more) {
    String body = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],%s}";
    return AnswerSize.misfit(
        CompletionRequest.chat(Buffer.buffer(body.formatted(more)), NOBODY, ROUTES),
        CONTEXT_TOKENS);
  }

  private static Failure.InvalidRequest text(String prompt, int count, String more) {
    String prompts = ("\"" + prompt + "\",").repeat(count).replaceFirst(",$", "");
    String body = "{\"model\":\"m\",\"prompt\":[%s],%s}".formatted(prompts, more);
    return AnswerSize.misfit(
        CompletionRequest.text(Buffer.buffer(body), NOBODY, ROUTES), CONTEXT_TOKENS);
  }

  private static void assertParam(String param, Failure.InvalidRequest failure) {
    if (param == null) {
      assertNull(failure);
    } else {
      assertEquals(param, failure.param(), failure.message());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "n":128                                                                 |
          "logprobs":true,"top_logprobs":19                                       |
          "logprobs":true,"top_logprobs":20                                       | logprobs
          "logprobs":true,"top_logprobs":20,"max_tokens":99000                    |
          "logprobs":true,"n":20                                                  |
          "logprobs":true,"n":21                                                  | logprobs
          "logprobs":true,"top_logprobs":20,"n":128,"max_tokens":780              |
          "logprobs":true,"top_logprobs":20,"n":128,"max_tokens":781              | logprobs
          "logprobs":true,"top_logprobs":19,"max_tokens":1000000000               |
          """)
  void chatsAreBounded(String more, String param) {
    assertParam(param, chat(more));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          1      | 2048 | "n":1                                                     |
          1      | 128  | "logprobs":0                                              |
          1      | 129  | "logprobs":0                                              | logprobs
          1      | 65   | "logprobs":0,"n":2                                        | logprobs
          1000   | 50   | "logprobs":20,"echo":true,"max_tokens":0                  |
          1000   | 128  | "logprobs":20,"echo":true,"max_tokens":0                  | logprobs
          99999  | 1    | "logprobs":5,"echo":true,"max_tokens":1                   |
          99999  | 1    | "logprobs":5,"echo":true,"max_tokens":1,"stream":true     | logprobs
          20000  | 1    | "logprobs":5,"echo":true,"max_tokens":1,"stream":true     |
          70000  | 1    | "n":100,"echo":true                                       |
          90000  | 1    | "n":100,"echo":true                                       | echo
          90000  | 1    | "n":100                                                   |
          """)
  void textsAreBounded(int promptLength, int count, String more, String param) {
    assertParam(param, text("x".repeat(promptLength), count, more));
  }
}
