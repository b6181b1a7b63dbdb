package io.fullbore.http.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fullbore.core.ForwardedPiece;
import io.fullbore.core.Usage;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of unusual answers from elsewhere. */
class FramesTest {
  private static final Usage USAGE = new Usage(5, 2, 3);

  private static ForwardedPiece chunk(String choice) {
    return new ForwardedPiece(
        "{\"id\":\"chatcmpl-7\",\"model\":\"big\",\"choices\":[%s]}".formatted(choice), List.of());
  }

  private static ForwardedPiece delta(String delta) {
    return chunk("{\"index\":0,\"delta\":%s,\"finish_reason\":null}".formatted(delta));
  }

  private static String stream(ForwardedPiece... pieces) {
    var frame = new AnthropicFrame();
    StringBuilder events = new StringBuilder();
    for (ForwardedPiece piece : pieces) {
      events.append(frame.piece(piece));
    }
    return events.append(frame.done(USAGE)).toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"stop\",\"stop_reason\":null|\"stop_reason\":\"end_turn\",\"stop_sequence\":null",
        "\"stop\",\"stop_reason\":\"x\"|\"stop_reason\":\"stop_sequence\",\"stop_sequence\":\"x\"",
        "\"stop\",\"stop_reason\":7|\"stop_reason\":\"end_turn\",\"stop_sequence\":null",
        "\"length\"|\"stop_reason\":\"max_tokens\",\"stop_sequence\":null",
        "\"tool_calls\"|\"stop_reason\":\"tool_use\",\"stop_sequence\":null",
        "\"content_filter\"|\"stop_reason\":\"refusal\",\"stop_sequence\":null",
        "\"something_new\"|\"stop_reason\":\"end_turn\",\"stop_sequence\":null",
      })
  void reasonsOfTheEndAreTranslated(String reason, String expected) {
    String end = stream(chunk("{\"index\":0,\"delta\":{},\"finish_reason\":%s}".formatted(reason)));
    assertTrue(end.contains(expected), end);
    ForwardedPiece whole =
        chunk("{\"message\":{\"content\":\"a\"},\"finish_reason\":%s}".formatted(reason));
    String message = new AnthropicFrame().whole(whole, USAGE);
    assertTrue(message.contains(expected), message);
    assertTrue(
        message.contains(
            "{\"input_tokens\":3,\"cache_creation_input_tokens\":0,"
                + "\"cache_read_input_tokens\":2,\"output_tokens\":3}"),
        message);
  }

  @Test
  void callsWithoutAnIndexAreToldApartByTheirIds() {
    String events =
        stream(
            delta("{\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\"}}]}"),
            delta("{\"tool_calls\":[{\"id\":\"a\",\"function\":{\"arguments\":\"{}\"}}]}"),
            delta(
                "{\"tool_calls\":[{\"id\":\"b\",\"function\":{\"name\":\"g\","
                    + "\"arguments\":\"{}\"}}]}"));
    assertEquals(2, events.split("\"type\":\"tool_use\"", -1).length - 1, events);
    assertEquals(2, events.split("\"partial_json\":\"\\{}\"", -1).length - 1, events);
  }

  @Test
  void aRefusalIsText() {
    String events = stream(delta("{\"content\":null,\"refusal\":\"No.\"}"));
    assertTrue(events.contains("{\"type\":\"text_delta\",\"text\":\"No.\"}"), events);
  }

  @Test
  void thoughtsKeepTheirSignatures() {
    String events =
        stream(
            delta("{\"reasoning_content\":\"hm\"}"),
            delta("{\"thinking_blocks\":[{\"type\":\"thinking\",\"signature\":\"s\"}]}"),
            delta("{\"thinking_blocks\":[{\"type\":\"redacted_thinking\",\"data\":\"d\"}]}"),
            delta("{\"content\":\"a\"}"));
    assertTrue(
        events.contains(
            """
            "index":0,"delta":{"type":"signature_delta","signature":"s"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: content_block_start
            data: {"type":"content_block_start","index":1,\
            "content_block":{"type":"redacted_thinking","data":"d"}}
            """),
        events);
    assertTrue(events.contains("\"index\":2,\"delta\":{\"type\":\"text_delta\""), events);
  }

  @Test
  void argumentsThatAreNoJsonAreNoInput() {
    ForwardedPiece whole =
        chunk(
            "{\"message\":{\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"function\":"
                + "{\"name\":\"f\",\"arguments\":\"{oops\"}}]},\"finish_reason\":\"tool_calls\"}");
    String message = new AnthropicFrame().whole(whole, USAGE);
    assertTrue(
        message.contains("[{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}}]"),
        message);
  }

  @Test
  void aFrameWithoutPiecesAddsNothing() {
    assertEquals("", new AnthropicFrame().done(USAGE));
    assertFalse(stream(delta("{}")).isEmpty());
  }
}
