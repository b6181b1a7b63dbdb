package io.fullbore.chat.answer;

import java.util.ArrayList;
import java.util.List;

/** Gathers the parts that one piece of text gives; neighbours of one kind become one. */
final class Parts {
  private enum Kind {
    TEXT,
    REASONING,
    ARGUMENTS
  }

  private final StringBuilder open = new StringBuilder();
  private Kind kind = Kind.TEXT;
  private int call;
  private List<AnswerPart> closed = new ArrayList<>();

  void text(CharSequence text) {
    turnTo(Kind.TEXT);
    open.append(text);
  }

  void text(char c) {
    turnTo(Kind.TEXT);
    open.append(c);
  }

  void reasoning(CharSequence text) {
    turnTo(Kind.REASONING);
    open.append(text);
  }

  void reasoning(char c) {
    turnTo(Kind.REASONING);
    open.append(c);
  }

  void start(int number, String id, String name) {
    close();
    call = number;
    closed.add(new AnswerPart.CallStart(number, id, name));
  }

  /** Of the call that was started last. */
  void argument(char json) {
    turnTo(Kind.ARGUMENTS);
    open.append(json);
  }

  /** What came since the last time. */
  List<AnswerPart> take() {
    close();
    List<AnswerPart> taken = closed;
    closed = new ArrayList<>();
    return taken;
  }

  private void turnTo(Kind next) {
    if (next != kind) {
      close();
      kind = next;
    }
  }

  private void close() {
    if (open.isEmpty()) {
      return;
    }
    String text = open.toString();
    open.setLength(0);
    closed.add(
        switch (kind) {
          case TEXT -> new AnswerPart.Text(text);
          case REASONING -> new AnswerPart.Reasoning(text);
          case ARGUMENTS -> new AnswerPart.CallArguments(call, text);
        });
  }
}
