package io.fullbore.stub;

import static io.fullbore.stub.StubCaller.CHAT;
import static io.fullbore.stub.StubCaller.body;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.Eventually;
import io.fullbore.stub.Fault.Kind;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a caller sees of each fault, byte by byte. */
@Timeout(30)
class StubFaultsTest {
  private static final String LAST_CHUNK = "\r\n0\r\n\r\n";

  private StubCaller caller;
  private StubUpstream stub;

  @BeforeEach
  void start() throws Exception {
    caller = new StubCaller();
    stub = caller.stub;
  }

  @AfterEach
  void stop() throws Exception {
    caller.close();
  }

  private void script(Kind kind) {
    stub.always(StubBehaviour.of(Fault.of(kind)));
  }

  /** How many events of a stream came whole. */
  private static int events(String raw) {
    return raw.split("data: .*\n\n", -1).length - 1;
  }

  @Test
  void anErrorHasItsStatusAndCode() throws Exception {
    stub.always(StubBehaviour.of(Fault.status(400).withCode("context_length_exceeded")));
    var answer = caller.post(CHAT, body(true, ""));
    assertEquals(400, answer.statusCode());
    assertEquals(
        "context_length_exceeded",
        new JsonObject(answer.body()).getJsonObject("error").getString("code"));
  }

  @Test
  void anEchoRepeatsTheHeaders() throws Exception {
    script(Kind.ECHO_HEADERS);
    String raw = caller.raw(false);
    assertTrue(raw.startsWith("HTTP/1.1 500 "));
    assertTrue(raw.contains("X-Secret: s3cret"), raw);
  }

  @Test
  void aPageIsNoJson() throws Exception {
    stub.always(StubBehaviour.of(Fault.of(Kind.HTML_PAGE).withStatus(502)));
    var answer = caller.post(CHAT, body(false, ""));
    assertEquals(502, answer.statusCode());
    assertTrue(answer.body().startsWith("<html>"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aResetSaysNothing(boolean stream) throws Exception {
    script(Kind.RESET);
    assertEquals("", caller.raw(stream));
    assertEquals(StubRequest.End.CLOSED_BY_STUB, stub.requests().getFirst().end());
    assertEquals(0, stub.counts().closedEarly());
  }

  @ParameterizedTest
  @EnumSource(names = {"SILENT", "HEAD_ONLY", "STALL"})
  void aHangLastsUntilTheCallerLeaves(Kind kind) throws Exception {
    script(kind);
    try (Socket socket = caller.ask(body(true, ""))) {
      Eventually.await(() -> stub.counts().concurrent() == 1);
      if (kind != Kind.SILENT) {
        byte[] status = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
        assertEquals("HTTP/1.1 200", new String(status, StandardCharsets.US_ASCII));
      }
    }
    Eventually.await(() -> stub.requests().getFirst().closedEarly());
  }

  @Test
  void aCutStreamHasNoLastChunk() throws Exception {
    script(Kind.CUT);
    String raw = caller.raw(true);
    assertEquals(2, events(raw));
    assertFalse(raw.endsWith(LAST_CHUNK));
  }

  @Test
  void aCutAnswerIsShorterThanItSays() throws Exception {
    script(Kind.CUT);
    String raw = caller.raw(false);
    int said = Integer.parseInt(raw.replaceAll("(?s).*Content-Length: (\\d+).*", "$1"));
    String came = raw.substring(raw.indexOf("\r\n\r\n") + 4);
    assertTrue(!came.isEmpty() && came.length() < said, raw);
  }

  @Test
  void aStreamWithoutEndEndsWell() throws Exception {
    script(Kind.NO_END);
    String raw = caller.raw(true);
    assertEquals(1 + 8, events(raw));
    assertFalse(raw.contains("\"stop\""));
    assertFalse(raw.contains("[DONE]"));
    assertTrue(raw.endsWith(LAST_CHUNK));
  }

  @Test
  void anErrorEventComesAmidTheStream() throws Exception {
    script(Kind.ERROR_EVENT);
    String raw = caller.raw(true);
    assertEquals(3, events(raw));
    assertTrue(raw.contains("data: {\"error\":{\"message\":\"The stub gave up.\""), raw);
    assertTrue(caller.json(CHAT, body(false, "")).containsKey("error"));
  }

  @Test
  void oneEventIsBad() throws Exception {
    script(Kind.BAD_JSON);
    String raw = caller.raw(true);
    assertEquals(1 + 8 + 1 + 1, events(raw));
    assertTrue(raw.contains("[{\"index\":\n\n"));
    String whole = caller.post(CHAT, body(false, "")).body();
    assertThrows(DecodeException.class, () -> new JsonObject(whole));
  }

  @Test
  void theLastEventIsHalf() throws Exception {
    script(Kind.HALF_PIECE);
    String raw = caller.raw(true);
    assertEquals(2, events(raw));
    assertTrue(raw.endsWith(LAST_CHUNK));
    assertEquals(3, raw.split("data: ", -1).length - 1);
    String whole = caller.post(CHAT, body(false, "")).body();
    assertThrows(DecodeException.class, () -> new JsonObject(whole));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anEndlessBodyEndsWithItsReader(boolean stream) throws Exception {
    script(Kind.ENDLESS);
    try (Socket socket = caller.ask(body(stream, ""))) {
      byte[] much = socket.getInputStream().readNBytes(4 << 20);
      assertEquals(4 << 20, much.length);
    }
    Eventually.await(() -> stub.counts().closedEarly() == 1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aTrickleIsWholeInTheEnd(boolean stream) throws Exception {
    String well = caller.post(CHAT, body(stream, "")).body();
    stub.always(
        StubBehaviour.PLAIN
            .with(AnswerShape.PLAIN.withTokens(1))
            .with(Fault.of(Kind.TRICKLE).withEveryMs(1)));
    String answer = caller.post(CHAT, body(stream, "")).body();
    assertTrue(answer.contains("\"finish_reason\":\"stop\""));
    assertTrue(answer.length() < well.length());
    assertEquals(StubRequest.End.ANSWERED, stub.requests().getLast().end());
  }
}
