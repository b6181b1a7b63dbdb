package io.fullbore.chat.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Recorded and broken answers, cut in every way. */
class AnswerParserTest {
  private static final AnswerSyntax TAGGED = new AnswerSyntax(ToolFormat.TAGGED, null);
  private static final AnswerSyntax THINKING =
      new AnswerSyntax(ToolFormat.TAGGED, ReasoningTags.ANGLE);
  private static final AnswerSyntax BARE = new AnswerSyntax(ToolFormat.BARE, null);
  private static final AnswerSyntax LISTED =
      new AnswerSyntax(ToolFormat.LISTED, ReasoningTags.SQUARE);

  private static final String KOELN =
      "{\"name\": \"weather\", \"arguments\": {\"city\": \"Köln\"}}";

  /**
   * An answer and what it is made of.
   *
   * @param text control tokens stand between guillemets
   * @param parts see {@link Transcript}
   */
  record Case(AnswerSyntax syntax, String text, String parts) {}

  static List<Case> tagged() {
    return List.of(
        new Case(TAGGED, "", ""),
        new Case(TAGGED, " Hello <b>you</b> {1}\n", "text  Hello <b>you</b> {1}"),
        new Case(
            TAGGED,
            "<tool_call>\n" + KOELN + "\n</tool_call>",
            "0 id1 weather {\"city\": \"Köln\"}!"),
        new Case(
            TAGGED,
            "Let me see.\n<tool_call>" + KOELN + "</tool_call>\n\nThere you are. ",
            "text Let me see.\n0 id1 weather {\"city\": \"Köln\"}\ntext \n\n\nThere you are. !"),
        new Case(
            TAGGED,
            "<tool_call>" + KOELN + "</tool_call>\n<tool_call>{\"name\":\"clock\"}</tool_call>",
            "0 id1 weather {\"city\": \"Köln\"}\n1 id2 clock {}!"),
        new Case(
            TAGGED,
            "<tool_call>" + KOELN + "\n{\"arguments\":{},\"id\":7,\"name\":\"clock\"}</tool_call>",
            "0 id1 weather {\"city\": \"Köln\"}\n1 id2 clock {}!"),
        new Case( // order, escapes, other fields, names nobody offered, spelling of the arguments
            TAGGED,
            "<tool_call>{\"id\":[1,\"}\"],\"arguments\":{ \"a\" :1.0 },\"x\":tru ,\"name\":"
                + "\"cl\\u006fck\\\"\"}</tool_call>",
            "0 id1 clock\" { \"a\" :1.0 }!"),
        new Case( // markers and brackets in strings, nested objects
            TAGGED,
            "<tool_call>{\"name\":\"weather\",\"arguments\":{\"a\":\"</tool_call>}\\\"}\\\\\","
                + "\"b\":[{\"c\":{}},\"<tool_call>\"],\"😀\":\"你好\"}}</tool_call>",
            "0 id1 weather {\"a\":\"</tool_call>}\\\"}\\\\\",\"b\":[{\"c\":{}},\"<tool_call>\"],"
                + "\"😀\":\"你好\"}!"),
        new Case(
            TAGGED,
            "<tool_call>{\"name\":\"clock\",\"arguments\":null}</tool_call>",
            "0 id1 clock {}!"),
        new Case( // control tokens as markers
            TAGGED,
            "Well\n«<tool_call>»" + KOELN + "«</tool_call>»",
            "text Well\n0 id1 weather " + "{\"city\": \"Köln\"}!"));
  }

  static List<Case> broken() {
    return List.of(
        new Case(TAGGED, "a <tool_call", "text a <tool_call"),
        new Case(TAGGED, "a <<tool_callx> b", "text a <<tool_callx> b"),
        new Case(
            TAGGED,
            "a\n<tool_call>\nno {}</tool_call> b",
            "text a\n<tool_call>\nno {}</tool_call> b"),
        new Case(TAGGED, "a\n«<tool_call>» no «</tool_call>»b", "text a\n no b"),
        new Case(TAGGED, "<tool_call>{}</tool_call>", "text <tool_call>{}</tool_call>"),
        new Case(TAGGED, "<tool_call></tool_call>", "text <tool_call></tool_call>"),
        new Case(
            TAGGED,
            "<tool_call>{\"name\":\"\"}</tool_call>",
            "text <tool_call>{\"name\":\"\"}</tool_call>"),
        new Case(
            TAGGED,
            "<tool_call>{\"name\":\"clock\",\"arguments\":[1]}</tool_call>",
            "text <tool_call>{\"name\":\"clock\",\"arguments\":[1]}</tool_call>"),
        new Case(
            TAGGED,
            "<tool_call>{\"name\":\"clock\",\"arg",
            "text <tool_call>{\"name\":\"clock\",\"arg"),
        new Case( // a call in what is no call
            TAGGED,
            "<tool_call>{\"name\":1 <tool_call>" + KOELN + "</tool_call>",
            "text <tool_call>{\"name\":1\n0 id1 weather {\"city\": \"Köln\"}!"),
        new Case( // cut amid the arguments
            TAGGED,
            "<tool_call>{\"name\":\"clock\",\"arguments\":{\"a\":[1,",
            "0 id1 clock {\"a\":[1,"),
        new Case(
            TAGGED,
            "<tool_call>{\"name\":\"clock\",\"arguments\":{\"a\":1</tool_call> b",
            "0 id1 clock {\"a\":1\ntext b"),
        new Case( // without the last brace
            TAGGED,
            "<tool_call>{\"name\":\"clock\",\"arguments\":{\"a\":1}</tool_call> b",
            "0 id1 clock {\"a\":1}\ntext b!"),
        new Case(TAGGED, "<tool_call>{\"name\":\"clock\",\"arguments\":{}", "0 id1 clock {}!"),
        new Case(TAGGED, "<tool_call>" + KOELN + "\n</tool", "0 id1 weather {\"city\": \"Köln\"}!"),
        new Case(
            TAGGED,
            "<tool_call>" + KOELN + " and more",
            "0 id1 weather {\"city\": \"Köln\"}\ntext and more!"),
        new Case(
            TAGGED,
            "«<tool_call>»{\"name\":\"clock\",\"arguments\":{«<tool_call>»" + KOELN,
            "0 id1 clock {\n1 id2 weather {\"city\": \"Köln\"}!"),
        new Case(
            TAGGED,
            "<tool_call>{\"name\":\"clock\",\"arguments\":{\"a\":<",
            "0 id1 clock {\"a\":<"));
  }

  static List<Case> bare() {
    return List.of(
        new Case(
            BARE,
            "\n{\"name\": \"weather\", \"parameters\": {\"city\": \"Rome\"}}",
            "0 id1 weather {\"city\": \"Rome\"}!"),
        new Case(
            BARE,
            "{\"type\":\"function\",\"name\":\"clock\",\"parameters\":{}}; {\"name\":\"clock\"}",
            "0 id1 clock {}\n1 id2 clock {}!"),
        new Case(BARE, "{\"name\":\"clock\"}; that is all", "0 id1 clock {}\ntext ; that is all!"),
        new Case(
            BARE,
            "«<|python_tag|>»{\"name\": \"other\", \"parameters\": {\"q\": 1}}",
            "0 id1 other {\"q\": 1}!"),
        new Case(
            BARE,
            "<|python_tag|>{\"name\": \"other\", \"parameters\": {\"q\": 1}}",
            "0 id1 other {\"q\": 1}!"),
        new Case(BARE, "«<|python_tag|>»print(\"{}\")", "text print(\"{}\")"),
        new Case(BARE, "{\"count\": 27, \"item\": {}}", "text {\"count\": 27, \"item\": {}}"),
        new Case(
            BARE,
            " {\"name\": \"Bob\", \"parameters\": {}}",
            "text  {\"name\": \"Bob\", \"parameters\": {}}"),
        new Case(BARE, "Here: {\"name\": \"clock\"}", "text Here: {\"name\": \"clock\"}"),
        new Case(BARE, "{", "text {"),
        new Case(BARE, "{\"name\": \"clock\"", "text {\"name\": \"clock\""));
  }

  static List<Case> listed() {
    return List.of(
        new Case(
            LISTED,
            "«[TOOL_CALLS]» [" + KOELN + ", {\"name\":\"clock\",\"arguments\":{},\"id\":\"x\"}]",
            "0 id1 weather {\"city\": \"Köln\"}\n1 id2 clock {}!"),
        new Case(
            LISTED,
            "Yes. [TOOL_CALLS][" + KOELN + "]\n",
            "text Yes.\n0 id1 weather {\"city\": \"Köln\"}!"),
        new Case(LISTED, "[TOOL_CALLS]" + KOELN, "0 id1 weather {\"city\": \"Köln\"}!"),
        new Case(
            LISTED,
            "«[TOOL_CALLS]»weather«[ARGS]»{\"a\":\"[ARGS]}\"}«[TOOL_CALLS]»clock«[CALL_ID]»Xy12«[ARGS]»"
                + " {}",
            "0 id1 weather {\"a\":\"[ARGS]}\"}\n1 id2 clock {}!"),
        new Case(
            LISTED,
            "[TOOL_CALLS]weather[ARGS]{\"a\":{}}[TOOL_CALLS]clock[CALL_ID]Xy12[ARGS]{}",
            "0 id1 weather {\"a\":{}}\n1 id2 clock {}!"),
        new Case(LISTED, "[TOOL_CALLS]clock{\"a\":1} so", "0 id1 clock {\"a\":1}\ntext so!"),
        new Case(LISTED, "[TOOL_CALLS] []", "text [TOOL_CALLS] []"),
        new Case(LISTED, "[TOOL_CALLS]what is [A", "text [TOOL_CALLS]what is [A"),
        new Case(LISTED, "«[TOOL_CALLS]»clock«[ARGS]»no", "text clockno"),
        new Case(
            LISTED,
            "[TOOL_CALLS][" + KOELN + ", {\"name\":",
            "0 id1 weather {\"city\": \"Köln\"}\ntext , {\"name\":!"),
        new Case(LISTED, "[TOOL_CALLS][{\"name\":\"clock\",\"arguments\":{}", "0 id1 clock {}!"),
        new Case(
            LISTED,
            "«[THINK]»Hm.«[/THINK]»«[TOOL_CALLS]»clock«[ARGS]»{}",
            "thought Hm.\n0 id1 clock {}!"),
        new Case(
            LISTED, "«[THINK]»Hm. «[TOOL_CALLS]»clock«[ARGS]»{}", "thought Hm.\n0 id1 clock {}!"));
  }

  static List<Case> thinking() {
    return List.of(
        new Case(
            THINKING,
            "<think>\nWell,\n\nso <b> </thin k>.\n</think>\n\nHello\n",
            "thought Well,\n\nso <b> </thin k>.\ntext Hello"),
        new Case(
            THINKING,
            "\n<think>\n\n</think>\n\n<tool_call>" + KOELN + "</tool_call>",
            "0 id1 weather {\"city\": \"Köln\"}!"),
        new Case(
            THINKING,
            "<think>call <tool_call>{}</tool_call>?</think>No.",
            "thought call <tool_call>{}</tool_call>?\ntext No."),
        new Case(THINKING, "A <think> tag</think>", "text A <think> tag</think>"),
        new Case(THINKING, "«<think>»a «</think>» b«</think>»", "thought a\ntext b"),
        new Case(THINKING, "<think>cut </thi", "thought cut </thi"),
        new Case(THINKING, "<thi", "text <thi"));
  }

  @ParameterizedTest
  @MethodSource({"tagged", "broken", "bare", "listed", "thinking"})
  void partsDoNotDependOnWhereTheTextIsCut(Case each) {
    String whole = new Transcript(each.syntax()).read(each.text(), at -> false).finish().toString();
    assertEquals(each.parts(), whole);
    String single = new Transcript(each.syntax()).read(each.text(), at -> true).finish().toString();
    assertEquals(whole, single);
    for (int i = 0; i < each.text().length(); i++) {
      for (int j = i; j < each.text().length(); j++) {
        int first = i;
        int second = j;
        assertEquals(
            whole,
            new Transcript(each.syntax())
                .read(each.text(), at -> at == first || at == second)
                .finish()
                .toString());
      }
    }
  }

  /** Pieces of all syntaxes in any order: nothing fails, and no cut makes a difference. */
  @Test
  void noiseGivesTheSamePartsHoweverItIsCut() {
    String[] pieces = {
      "<tool_call>",
      "</tool_call>",
      "«<tool_call>»",
      "[TOOL_CALLS]",
      "«[TOOL_CALLS]»",
      "[ARGS]",
      "«[ARGS]»",
      "<think>",
      "</think>",
      "[THINK]",
      "«[/THINK]»",
      "{",
      "}",
      "[",
      "]",
      "\"",
      "\\",
      ",",
      ":",
      " ",
      "\n",
      "name",
      "\"name\":",
      "\"arguments\":",
      "\"clock\"",
      KOELN,
      "a",
      "é",
      "😀",
      "<",
      "</",
      "{\"name\":\"clock\",\"parameters\":{",
      ";",
      "«<|python_tag|>»"
    };
    var random = new Random(5);
    for (int i = 0; i < 20_000; i++) {
      var text = new StringBuilder();
      for (int count = random.nextInt(14); count > 0; count--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      AnswerSyntax syntax = List.of(THINKING, BARE, LISTED).get(random.nextInt(3));
      String noise = text.toString();
      String whole = new Transcript(syntax).read(noise, at -> false).finish().toString();
      assertEquals(
          whole, new Transcript(syntax).read(noise, at -> true).finish().toString(), noise);
      assertEquals(
          whole,
          new Transcript(syntax).read(noise, at -> random.nextInt(3) == 0).finish().toString(),
          noise);
    }
  }

  /** Where no call comes of it, every character of a text is text. */
  @Test
  void whatIsNoCallLosesNothing() {
    String[] pieces = {
      "<tool_call>", "</tool_call>", "{", "}", "\"", "a", "\n", " ", "\"x\":", "["
    };
    var random = new Random(6);
    for (int i = 0; i < 20_000; i++) {
      var text = new StringBuilder();
      for (int count = random.nextInt(12); count > 0; count--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      var shown = new StringBuilder();
      for (AnswerPart part :
          new Transcript(TAGGED).read(text.toString(), at -> true).finish().parts()) {
        shown.append(((AnswerPart.Text) part).text());
      }
      assertEquals(text.toString(), shown.toString());
    }
  }

  @Test
  void argumentsComeWhileTheyAreWritten() {
    var call = new Transcript(TAGGED);
    call.read("Yes <tool_call>{\"name\": \"clock\", \"arguments\": ", at -> true);
    assertEquals("text Yes", call.toString());
    call.read("{", at -> true);
    assertEquals("text Yes\n0 id1 clock {", call.toString());
    call.read("\"a\": \"b", at -> true);
    assertEquals("text Yes\n0 id1 clock {\"a\": \"b", call.toString());
    assertFalse(call.parser().called());
    call.read("\"}}", at -> true);
    assertTrue(call.parser().called());
  }

  @Test
  void aJsonAnswerIsShownAsSoonAsItIsNoCall() {
    var answer = new Transcript(BARE);
    answer.read("{\"na", at -> true);
    assertEquals("", answer.toString());
    answer.read("tion\"", at -> true);
    assertEquals("text {\"nation\"", answer.toString());
  }

  @Test
  void withoutToolsNothingIsACall() {
    var answer = new Transcript(TAGGED, Set.of(), false, false);
    answer.read("<tool_call>" + KOELN + "</tool_call>\n", at -> true);
    assertEquals(
        "<tool_call>" + KOELN + "</tool_call>\n", ((AnswerPart.Text) joined(answer)).text());
    assertFalse(answer.parser().isMarker("<tool_call>"));
  }

  private static AnswerPart joined(Transcript answer) {
    var text = new StringBuilder();
    answer.parts().forEach(part -> text.append(((AnswerPart.Text) part).text()));
    return new AnswerPart.Text(text.toString());
  }

  @Test
  void anAnswerOfOneCallIsOverWithIt() {
    var answer = new Transcript(TAGGED, Set.of("clock"), true, false);
    answer.read("<tool_call>{\"name\":\"clock\"}\n{\"name\":\"clock\"}</tool_call>x", at -> false);
    assertTrue(answer.parser().isOver());
    assertEquals("0 id1 clock {}!", answer.finish().toString());
  }

  @Test
  void anAnswerMayBeginAmidReasoning() {
    var answer = new Transcript(THINKING, Set.of(), false, true);
    assertTrue(answer.parser().inReasoning());
    answer.read("\nWell</think>\n\nYes", at -> true);
    assertFalse(answer.parser().inReasoning());
    assertEquals("thought Well\ntext Yes", answer.finish().toString());
    assertEquals(
        "thought Well\ntext Yes",
        new Transcript(THINKING, Set.of(), false, true)
            .read("<think>\nWell</think>Yes", at -> true)
            .finish()
            .toString());
  }

  @Test
  void whatIsUndecidedForTooLongIsText() {
    String text = "<tool_call>{\"x\":\"" + "y".repeat(AnswerParser.MAX_HELD_CHARS);
    var answer = new Transcript(TAGGED).read(text, at -> false);
    assertEquals("text " + text, answer.toString());
  }

  @Test
  void theSyntaxShowsInTemplateAndVocabulary() {
    assertEquals(TAGGED, AnswerSyntax.of("… '<tool_call>' …", token -> false));
    assertEquals(
        THINKING, AnswerSyntax.of("'<tool_call>' content.split('</think>')", token -> false));
    assertEquals(
        LISTED, AnswerSyntax.of("'[TOOL_CALLS]'", Set.of("[THINK]", "[/THINK]")::contains));
    assertEquals(BARE, AnswerSyntax.of("'\"parameters\": '", Set.of("<|python_tag|>")::contains));
    assertEquals(AnswerSyntax.PLAIN, AnswerSyntax.of("'\"parameters\": '", token -> false));
    assertTrue(THINKING.opensReasoning("<|im_start|>assistant\n<think>\n"));
    assertFalse(THINKING.opensReasoning("<think>\n\n</think>\n\n"));
    assertFalse(TAGGED.opensReasoning("<think>"));
  }
}
