package io.fullbore.http.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.Caller;
import io.fullbore.routing.RoutingTable;
import io.fullbore.serving.Prompt;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that are nearly right: whatever they hold, the readers read them or name a mistake. */
class RequestReadersTest {
  private static final RoutingTable ROUTES = new RoutingTable(new TreeMap<>());
  private static final Requester NOBODY = new Requester(Caller.ANONYMOUS, null);

  private static final int MUTATIONS = 3_000;

  /** What mutations put in somewhere. */
  private static final List<String> PIECES =
      List.of(
          "null",
          "true",
          "-1",
          "0",
          "1e-38",
          "1e999",
          "-0.0",
          "99999999999999999999",
          "\"\"",
          "\"\\ud800\"",
          "\"é€😀\"",
          "[]",
          "{}",
          "[[]]",
          "[null]",
          "{\"a\":null}",
          "[1,\"a\",{}]",
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"",
          "\\",
          "\\u0000",
          " ",
          "NaN",
          "/*",
          "%s",
          "\u0000");

  enum Endpoint {
    CHAT(
        """
        {"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","name":"u",
        "content":[{"type":"text","text":"é€😀"}]},{"role":"assistant","content":null,
        "reasoning_content":"r","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"c","content":"7"}],"temperature":0.5,"top_p":0.9,"top_k":7,
        "min_p":0.1,"presence_penalty":-1,"frequency_penalty":1.5,"repetition_penalty":1.25,
        "logit_bias":{"65":-100,"66":2.5},"seed":42,"stop":["a","b"],"stop_token_ids":[10],
        "max_tokens":33,"max_completion_tokens":33,"logprobs":true,"top_logprobs":3,"n":2,
        "stream":true,"stream_options":{"include_usage":true},"user":"u","store":false,
        "service_tier":"auto","metadata":{"a":"b"},"parallel_tool_calls":true,
        "response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d",
        "strict":true,"schema":{"properties":{"a":{"type":"integer"}}}}},"modalities":["text"],"tool_choice":"auto",
        "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],
        "reasoning_effort":"low","chat_template_kwargs":{"enable_thinking":false}}
        """,
        body -> CompletionRequest.chat(body, NOBODY, ROUTES)),
    TEXT(
        """
        {"model":"m","prompt":["a",[1,2,3],"é€😀"],"max_tokens":3,"echo":true,"logprobs":2,"n":2,
        "best_of":2,"stop":"x","seed":-1,"suffix":"","ignore_eos":true,"stream":false,
        "return_tokens_as_token_ids":true,"logit_bias":{"5":1},"guided_choice":["a","é€😀"]}
        """,
        body -> CompletionRequest.text(body, NOBODY, ROUTES)),
    TOKENIZE(
        """
        {"model":"m","messages":[{"role":"user","content":"é€😀"}],"add_generation_prompt":false,
        "return_token_strs":true,"chat_template_kwargs":{"a":[1,{"b":null}]}}
        """,
        TokenizeRequest::read),
    TOKENIZE_TEXT(
        "{\"content\":\"é€😀\",\"add_special\":true,\"with_pieces\":true}", TokenizeRequest::read),
    DETOKENIZE("{\"model\":\"m\",\"tokens\":[1,2,300,4000000]}", DetokenizeRequest::read);

    final String body;
    final Function<Buffer, Object> reader;

    Endpoint(String body, Function<Buffer, Object> reader) {
      this.body = body;
      this.reader = reader;
    }
  }

  @ParameterizedTest
  @EnumSource
  void aRightBodyIsRead(Endpoint endpoint) {
    assertNotNull(endpoint.reader.apply(Buffer.buffer(endpoint.body)));
  }

  @ParameterizedTest
  @EnumSource
  void aWrongBodyIsAMistakeOfTheCaller(Endpoint endpoint) {
    var random = new Random(endpoint.ordinal());
    int refused = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] body = endpoint.body.getBytes(StandardCharsets.UTF_8);
      for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
        body = random.nextBoolean() ? withOtherBytes(body, random) : withOtherParts(body, random);
      }
      try {
        assertNotNull(endpoint.reader.apply(Buffer.buffer(body)));
      } catch (InvalidRequestException e) {
        refused++;
        assertTrue(e.failure().message().length() > 10);
      } catch (RuntimeException e) {
        throw new AssertionError(new String(body, StandardCharsets.ISO_8859_1), e);
      }
    }
    assertTrue(refused > MUTATIONS / 4, "refused=" + refused);
  }

  private static byte[] withOtherBytes(byte[] body, Random random) {
    if (body.length == 0) {
      return body;
    }
    int at = random.nextInt(body.length);
    return switch (random.nextInt(3)) {
      case 0 -> Arrays.copyOf(body, at);
      case 1 -> spliced(body, at, at, new byte[] {(byte) random.nextInt(256)});
      default -> spliced(body, at, at + 1, new byte[] {(byte) random.nextInt(256)});
    };
  }

  /** Puts a piece in the place of what stands between two of JSON's own signs. */
  private static byte[] withOtherParts(byte[] body, Random random) {
    if (body.length == 0) {
      return body;
    }
    int from = afterSign(body, random.nextInt(body.length));
    int to = random.nextInt(4) == 0 ? from : afterSign(body, Math.min(from, body.length - 1)) - 1;
    String piece = PIECES.get(random.nextInt(PIECES.size()));
    return spliced(body, from, Math.max(from, to), piece.getBytes(StandardCharsets.UTF_8));
  }

  private static int afterSign(byte[] body, int from) {
    int at = from;
    while (at < body.length && ":,[{]}".indexOf(body[at]) < 0) {
      at++;
    }
    return Math.min(body.length, at + 1);
  }

  private static byte[] spliced(byte[] body, int from, int to, byte[] piece) {
    byte[] result = new byte[body.length - (to - from) + piece.length];
    System.arraycopy(body, 0, result, 0, from);
    System.arraycopy(piece, 0, result, from, piece.length);
    System.arraycopy(body, to, result, from + piece.length, body.length - to);
    return result;
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16LE", "UTF-16BE", "UTF-16", "UTF-32LE", "UTF-32BE", "UTF-32"})
  void otherEncodingsAreRefused(String charset) {
    byte[] body = Endpoint.CHAT.body.getBytes(Charset.forName(charset));
    assertInvalidJson(body);
    assertInvalidJson(Arrays.copyOf(body, body.length - 1));
  }

  private static InvalidRequestException assertInvalidJson(byte[] body) {
    var e =
        assertThrows(
            InvalidRequestException.class,
            () -> CompletionRequest.chat(Buffer.buffer(body), NOBODY, ROUTES));
    assertEquals("invalid_json", e.failure().code());
    return e;
  }

  @ParameterizedTest
  @CsvSource({"80", "c3", "c0af", "eda080", "f4908080", "e282", "ff"})
  void brokenUtf8IsNamedByItsPlace(String hex) {
    byte[] wrong = java.util.HexFormat.of().parseHex(hex);
    byte[] body = "{\"model\":\"é\uFFFD\"}".getBytes(StandardCharsets.UTF_8);
    var e = assertInvalidJson(spliced(body, 15, 15, wrong));
    assertEquals("The body is not valid JSON: it is no UTF-8 at byte 15", e.failure().message());
  }

  @Test
  void replacementsAndAByteOrderMarkAreRead() {
    String body = "\uFEFF{\"content\":\"a\uFFFD\"}";
    TokenizeRequest request = TokenizeRequest.read(Buffer.buffer(body));
    assertEquals(new Prompt.Text("a\uFFFD"), request.prompt());
  }
}
