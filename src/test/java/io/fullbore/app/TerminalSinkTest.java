package io.fullbore.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fullbore.chat.answer.AnswerPart;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class TerminalSinkTest {
  @Test
  void reasoningIsPrintedAndNotKept() {
    var printed = new StringWriter();
    var sink = new TerminalSink(new PrintWriter(printed));
    sink.onDelta(0, new AnswerPart.Reasoning("Hm"), List.of());
    sink.onDelta(0, new AnswerPart.Text(""), List.of());
    sink.onDelta(0, new AnswerPart.Text("Yes"), List.of());
    sink.onDelta(0, new AnswerPart.Text("."), List.of());
    assertEquals("Hm\n\nYes.", printed.toString());
    assertEquals("Yes.", sink.text());
  }
}
