package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.core.FinishReason;
import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.ForwardedPiece.End;
import io.fullbore.core.Usage;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PieceReaderTest {
  private static final Vertx VERTX = Vertx.vertx();
  private static final ForwardedCall CALL =
      Calls.chat("{\"model\":\"gpt-4o\",\"stream\":true,\"messages\":[]}");
  private static final int PROMPT_TOKENS = 3;

  private final Tally tally = new Tally();
  private final PieceReader reader = new PieceReader(CALL, null, tally);

  @AfterAll
  static void close() throws Exception {
    VERTX.close().await(10, TimeUnit.SECONDS);
  }

  private List<ForwardedPiece> read(String data) throws Exception {
    return reader.event(data);
  }

  private Usage usage(boolean complete) throws Exception {
    return tally
        .usage(VERTX, ClientRig.TOKEN_COUNT, CALL, "gpt-4o", complete)
        .await(10, TimeUnit.SECONDS);
  }

  private static String chunk(String choice) {
    return "{\"choices\":[%s]}".formatted(choice);
  }

  @ParameterizedTest
  @CsvSource({
    "stop, STOP",
    "length, LENGTH",
    "tool_calls, STOP",
    "function_call, STOP",
    "content_filter, LENGTH",
    "something_new, STOP"
  })
  void aFinishReasonEndsAChoiceOnce(String reason, FinishReason end) throws Exception {
    String chunk = chunk("{\"delta\":{},\"finish_reason\":\"%s\",\"index\":3}".formatted(reason));
    assertEquals(List.of(new ForwardedPiece(chunk, List.of(new End(3, end)))), read(chunk));
    assertEquals(List.of(new ForwardedPiece(chunk, List.of())), read(chunk));
    assertTrue(reader.complete());
    assertFalse(reader.done());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"delta\":{\"content\":\"two words\"},\"index\":0}",
        "{\"index\":0,\"text\":\"two words\"}",
        "{\"delta\":{\"refusal\":\"two words\",\"role\":\"assistant\"}}",
        "{\"delta\":{\"reasoning_content\":\"two words\"}}",
        "{\"delta\":{\"reasoning\":\"two words\",\"reasoning_content\":\"two words\"}}",
        "{\"delta\":{\"tool_calls\":[{\"id\":\"x\",\"function\":{\"arguments\":\"two words\"}}]}}",
        "{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"two words\"}]}}",
        "{\"delta\":{\"function_call\":{\"name\":\"two\",\"arguments\":\" words\"}}}"
      })
  void whatTheModelWroteIsCounted(String choice) throws Exception {
    read(chunk(choice));
    assertEquals(new Usage(PROMPT_TOKENS, 0, 2), usage(true));
  }

  @Test
  void choicesAreCountedApart() throws Exception {
    read(chunk("{\"index\":0,\"text\":\"to\"},{\"index\":1,\"text\":\"wo\"}"));
    read(chunk("{\"index\":0,\"text\":\"day\"},{\"index\":1,\"text\":\"rd\"}"));
    assertEquals(new Usage(PROMPT_TOKENS, 0, 2), usage(true));
  }

  @Test
  void theUpstreamsCountHolds() throws Exception {
    read(chunk("{\"text\":\"two words\"}"));
    read("{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}");
    assertEquals(new Usage(5, 0, 1), usage(true));
  }

  @Test
  void anEarlyCountLagsBehindWhereTheAnswerIsCut() throws Exception {
    read("{\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":1}}");
    read(chunk("{\"text\":\"four words and more\"}"));
    assertEquals(new Usage(5, 0, 4), usage(false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "7",
        "{}",
        "{\"prompt_tokens\":0,\"completion_tokens\":0}",
        "{\"prompt_tokens\":-1,\"completion_tokens\":\"x\"}",
        "{\"prompt_tokens\":1e99}"
      })
  void nonsenseIsNoCount(String usage) throws Exception {
    read("{\"usage\":%s,\"choices\":[{\"text\":\"two words\"}]}".formatted(usage));
    assertEquals(new Usage(PROMPT_TOKENS, 0, 2), usage(true));
  }

  @Test
  void whatIsTooMuchToKeepIsEstimated() throws Exception {
    String word = " word".repeat(100_000);
    for (int i = 0; i < 20; i++) {
      read(chunk("{\"text\":\"%s\"}".formatted(word)));
    }
    int tokens = usage(true).completionTokens();
    assertTrue(tokens > 1_900_000 && tokens < 2_700_000, () -> "tokens=" + tokens);
  }

  @Test
  void nothingIsUsedBeforeTheFirstPiece() throws Exception {
    assertEquals(new Usage(0, 0, 0), usage(false));
  }

  @Test
  void cutAndSpoiltPiecesNeverBreakTheReader() throws Exception {
    String piece =
        """
        {"id":"x","choices":[{"index":0,"delta":{"content":"a\\u00e9\\n","tool_calls":[{"a":[1,-2.5e3]}]},\
        "finish_reason":null}],"usage":{"prompt_tokens":1},"error":null,"more":{"a":[[],{}]}}\
        """;
    for (int end = 0; end < piece.length(); end++) {
      String cut = piece.substring(0, end);
      assertThrows(BrokenAnswerException.class, () -> read(cut), cut);
    }
    var random = new Random(3);
    for (int i = 0; i < 20_000; i++) {
      var spoilt = new StringBuilder(piece);
      for (int j = 0; j <= random.nextInt(3); j++) {
        char c = piece.charAt(random.nextInt(piece.length()));
        spoilt.setCharAt(random.nextInt(piece.length()), c);
      }
      try {
        read(spoilt.toString());
      } catch (BrokenAnswerException | ErrorAnswerException e) {
        // expected of most
      }
    }
  }

  @Test
  void deepNestingIsRefused() {
    String deep = "{\"a\":" + "[".repeat(100_000);
    assertThrows(BrokenAnswerException.class, () -> read(deep));
  }

  /** Says everything twice, and is complete at the word {@code end}. */
  private static final class Echo implements AnswerTranslator {
    private boolean complete;

    @Override
    public List<ObjectNode> event(JsonNode data) {
      if (data.has("bad")) {
        throw new IllegalArgumentException("malformed answer: bad");
      }
      complete = data.has("end");
      return complete ? List.of() : List.of((ObjectNode) data, (ObjectNode) data);
    }

    @Override
    public boolean complete() {
      return complete;
    }

    @Override
    public ObjectNode whole(JsonNode body) {
      return JsonNodeFactory.instance.objectNode().set("choices", body.path("said"));
    }
  }

  @Test
  void anotherApiIsTranslated() throws Exception {
    var translating = new PieceReader(CALL, new Echo(), tally);
    String chunk = chunk("{\"index\":0,\"text\":\"two words\",\"finish_reason\":\"stop\"}");
    assertEquals(
        List.of(
            new ForwardedPiece(chunk, List.of(new End(0, FinishReason.STOP))),
            new ForwardedPiece(chunk, List.of())),
        translating.event(chunk));
    assertFalse(translating.complete());
    assertEquals(List.of(), translating.event("{\"end\":true}"));
    assertTrue(translating.done() && translating.complete());
    assertThrows(BrokenAnswerException.class, () -> translating.event("{\"bad\":1}"));
    assertThrows(BrokenAnswerException.class, () -> translating.event("nonsense"));
    assertThrows(
        ErrorAnswerException.class,
        () -> translating.event("{\"type\":\"error\",\"error\":{\"message\":\"no\"}}"));
    assertEquals("{\"choices\":[]}", translating.whole("{\"said\":[]}").json());
    assertThrows(BrokenAnswerException.class, () -> translating.whole("{\"said\":7}"));
  }
}
