package io.fullbore.chat.answer;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntPredicate;

/** What a parser makes of one answer, written down so that tests can read it. */
final class Transcript {
  private static final Set<String> TOOLS = Set.of("weather", "clock");

  private final AnswerParser parser;
  private final List<AnswerPart> parts = new ArrayList<>();

  Transcript(AnswerSyntax syntax) {
    this(syntax, TOOLS, false, false);
  }

  Transcript(AnswerSyntax syntax, Set<String> tools, boolean oneCall, boolean inReasoning) {
    var ids = new ArrayList<String>();
    parser =
        syntax.parser(
            tools,
            oneCall,
            inReasoning,
            () -> {
              ids.add("");
              return "id" + ids.size();
            });
  }

  /**
   * A text in the pieces that the cuts make, and control tokens, which stand between guillemets.
   */
  Transcript read(String text, IntPredicate cut) {
    int from = 0;
    for (int at = 0; at < text.length(); at++) {
      if (text.charAt(at) == '«') {
        parts.addAll(parser.accept(text.substring(from, at)));
        int end = text.indexOf('»', at);
        parts.addAll(parser.control(text.substring(at + 1, end)));
        at = end;
        from = end + 1;
      } else if (cut.test(at)) {
        parts.addAll(parser.accept(text.substring(from, at)));
        from = at;
      }
    }
    parts.addAll(parser.accept(text.substring(from)));
    return this;
  }

  Transcript finish() {
    parts.addAll(parser.finish());
    return this;
  }

  AnswerParser parser() {
    return parser;
  }

  List<AnswerPart> parts() {
    return parts;
  }

  /** Neighbours joined, one part a line; ends with {@code !} where the model waits for results. */
  @Override
  public String toString() {
    var text = new StringBuilder();
    AnswerPart before = null;
    for (AnswerPart part : parts) {
      boolean joined =
          before != null
              && before.getClass() == part.getClass()
              && !(part instanceof AnswerPart.CallStart);
      text.append(
          switch (part) {
            case AnswerPart.Text(String more) -> (joined ? "" : "\ntext ") + more;
            case AnswerPart.Reasoning(String more) -> (joined ? "" : "\nthought ") + more;
            case AnswerPart.CallStart(int call, String id, String name) ->
                "\n" + call + " " + id + " " + name;
            case AnswerPart.CallArguments(int call, String json) -> (joined ? "" : " ") + json;
          });
      before = part;
    }
    return text.append(parser.called() ? "!" : "").toString().strip();
  }
}
