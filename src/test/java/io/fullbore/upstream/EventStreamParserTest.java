package io.fullbore.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EventStreamParserTest {
  private static final int MAX_BYTES = 1 << 16;

  private static final String STREAM =
      """
      : a comment
      data: {"text":"满血 \uD83D\uDE80"}

      event: named
      id: 7
      retry: 10
      data:no space
      data:  two spaces

      data
      data: after an empty line

      data:

      :
      database: another field
      dat: another one

      data: [DONE]

      data: unfinished
      """;
  private static final List<String> EVENTS =
      List.of(
          "{\"text\":\"满血 \uD83D\uDE80\"}",
          "no space\n two spaces",
          "\nafter an empty line",
          "[DONE]");

  private static List<String> events(List<Buffer> buffers) throws BrokenAnswerException {
    var parser = new EventStreamParser(MAX_BYTES);
    List<String> events = new ArrayList<>();
    for (Buffer buffer : buffers) {
      parser.append(buffer);
      for (String data = parser.next(); data != null; data = parser.next()) {
        events.add(data);
      }
    }
    return events;
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r", "\r\n"})
  void aStreamMayBeSplitAnywhere(String lineEnd) throws BrokenAnswerException {
    for (String mark : List.of("", "\uFEFF")) {
      Buffer stream = Buffer.buffer(mark + STREAM.replace("\n", lineEnd));
      assertEquals(EVENTS, events(List.of(stream)));
      for (int at = 0; at <= stream.length(); at++) {
        List<Buffer> halves = List.of(stream.slice(0, at), stream.slice(at, stream.length()));
        assertEquals(EVENTS, events(halves), "split at byte " + at);
      }
      assertEquals(
          EVENTS,
          events(
              IntStream.range(0, stream.length())
                  .mapToObj(at -> stream.slice(at, at + 1))
                  .toList()));
    }
  }

  @Test
  void anyPiecesGiveTheSameEvents() throws BrokenAnswerException {
    var random = new Random(7);
    Buffer stream = Buffer.buffer(STREAM.repeat(50) + "\n");
    List<String> whole = events(List.of(stream));
    for (int round = 0; round < 200; round++) {
      List<Buffer> pieces = new ArrayList<>();
      int at = 0;
      while (at < stream.length()) {
        int to = Math.min(stream.length(), at + random.nextInt(1 + random.nextInt(3_000)));
        pieces.add(stream.slice(at, to));
        at = to;
      }
      assertEquals(whole, events(pieces));
    }
  }

  @Test
  void anEventIsKnownAtItsLastByte() throws BrokenAnswerException {
    assertEquals(List.of("a"), events(List.of(Buffer.buffer("data: a\n\n"))));
    assertEquals(List.of("a"), events(List.of(Buffer.buffer("data: a\r\r"))));
    assertEquals(List.of("a"), events(List.of(Buffer.buffer("data: a\r\n\r"))));
  }

  @Test
  void aMarkInTheMiddleIsNoByteOrderMark() throws BrokenAnswerException {
    assertEquals(List.of(), events(List.of(Buffer.buffer("\n\uFEFFdata: a\n\n"))));
  }

  @Test
  void anEventLongerThanABufferIsWhole() throws BrokenAnswerException {
    String text = "满".repeat(20_000);
    Buffer stream = Buffer.buffer("data: " + text + "\n\ndata: b\n\n");
    List<Buffer> pieces =
        IntStream.range(0, stream.length() / 100 + 1)
            .mapToObj(i -> stream.slice(i * 100, Math.min(stream.length(), i * 100 + 100)))
            .toList();
    assertEquals(List.of(text, "b"), events(pieces));
  }

  @Test
  void bytesThatAreNoUtf8AreReplaced() throws BrokenAnswerException {
    Buffer stream = Buffer.buffer("data: ").appendByte((byte) 0xff).appendString("\n\n");
    assertEquals(List.of("\uFFFD"), events(List.of(stream)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"data: %s\n\n", "data: %s", "%s", ": %s", "data:\ndata: 1\ndata: %s"})
  void anEndlessEventIsRefused(String form) {
    Buffer stream = Buffer.buffer(form.formatted("a".repeat(MAX_BYTES + 1)));
    var broken = assertThrows(BrokenAnswerException.class, () -> events(List.of(stream)));
    assertTrue(broken.getMessage().contains("more than 65536 bytes"), broken.getMessage());
  }

  @Test
  void anEventOfEndlesslyManyLinesIsRefused() {
    Buffer full = Buffer.buffer("data: 12345678\n".repeat(MAX_BYTES / 8 + 1));
    assertThrows(BrokenAnswerException.class, () -> events(List.of(full)));
    Buffer empty = Buffer.buffer("data\n".repeat(MAX_BYTES + 1));
    assertThrows(BrokenAnswerException.class, () -> events(List.of(empty)));
  }

  @Test
  void manyEventsOfTheGreatestLengthAreRead() throws BrokenAnswerException {
    String text = "a".repeat(MAX_BYTES - 64);
    assertEquals(
        List.of(text, text, text),
        events(List.of(Buffer.buffer(("data: " + text + "\n\n").repeat(3)))));
  }
}
