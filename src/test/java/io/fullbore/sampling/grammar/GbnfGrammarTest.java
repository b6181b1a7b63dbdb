package io.fullbore.sampling.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GbnfGrammarTest {
  private static final String JSON =
      """
      root   ::= object
      value  ::= object | array | string | number | ("true" | "false" | "null") ws

      object ::=
        "{" ws (
                  string ":" ws value
          ("," ws string ":" ws value)*
        )? "}" ws

      array  ::=
        "[" ws (
                  value
          ("," ws value)*
        )? "]" ws

      string ::=
        "\\"" (
          [^"\\\\\\x7F\\x00-\\x1F] |
          "\\\\" (["\\\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
        )* "\\"" ws

      number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws

      # Optional space: by convention, applied in this grammar after literal chars when allowed
      ws ::= | " " | "\\n" [ \\t]{0,20}
      """;

  private static final String CHESS =
      """
      # Specifies chess moves as a list in algebraic notation
      root    ::= ("1. " move " " move "\\n") ([1-9] [0-9]? ". " move " " move "\\n")+
      move    ::= (pawn | nonpawn | castle) [+#]?

      # piece type, optional file/rank, optional capture, dest file & rank
      nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]

      pawn    ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?

      castle  ::= "O-O" "-O"?
      """;

  private static final String ARITHMETIC =
      """
      root  ::= (expr "=" ws term "\\n")+
      expr  ::= term ([-+*/] term)*
      term  ::= ident | num | "(" ws expr ")" ws
      ident ::= [a-z] [a-z0-9_]* ws
      num   ::= [0-9]+ ws
      ws    ::= [ \\t\\n]*
      """;

  @Test
  void readsTheExamplesOfItsNotation() {
    assertTrue(Texts.accepts(Texts.gbnf(JSON), "{\"a\": [1, -2.5e1, \"\\u00e9\"], \"b\": {}}"));
    assertFalse(Texts.accepts(Texts.gbnf(JSON), "{\"a\": }"));
    assertTrue(Texts.accepts(Texts.gbnf(CHESS), "1. e4 e5\n2. Nf3 Nc6\n3. O-O exd4+\n"));
    assertFalse(Texts.accepts(Texts.gbnf(CHESS), "1. e9 e5\n2. Nf3 Nc6\n"));
    assertTrue(Texts.accepts(Texts.gbnf(ARITHMETIC), "(a +1)*b = 3\n"));
    assertFalse(Texts.accepts(Texts.gbnf(ARITHMETIC), "a + = 3\n"));
  }

  @Test
  void recursionNestsAsDeepAsTheText() {
    Grammar grammar = Texts.gbnf("root ::= \"(\" root \")\" | \"\"");
    assertTrue(Texts.accepts(grammar, "(".repeat(200) + ")".repeat(200)));
    assertFalse(Texts.accepts(grammar, "(".repeat(200) + ")".repeat(199)));
  }

  @Test
  void recursionOnTheRightNeedsNoStack() {
    Grammar grammar = Texts.gbnf("root ::= \"a\" root | \"b\"");
    assertTrue(Texts.accepts(grammar, "a".repeat(100_000) + "b"));
  }

  @Test
  void anAmbiguousGrammarStaysSmall() {
    Grammar grammar = Texts.gbnf("root ::= \"a\" root root | \"a\" root | \"a\"");
    assertTrue(Texts.accepts(grammar, "a".repeat(300)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          root ::= "a              ; a literal has no end (line 1, column 12)
          root ::= [a              ; a class has no end (line 1, column 12)
          root ::= ("a"            ; ')' is missing (line 1, column 14)
          root ::= x               ; rule 'x' is not defined (line 1, column 10)
          root ::= "a"¶x           ; '::=' is missing (line 2, column 2)
          root ::= "a"¶root ::= "b"; rule 'root' is defined twice (line 2, column 1)
          a ::= "a"                ; there is no rule 'root'
          root ::= "a"{2,1}        ; the counts are the wrong way round (line 1, column 18)
          root ::= "\\q"           ; unknown escape (line 1, column 13)
          root ::= root "a"        ; rule 'root' calls itself before anything else (left recursion)
          root ::= x "a"¶x ::= "b"? root ; rule 'root' calls itself before anything else (left recursion)
          root ::= "a" root        ; no text fits the grammar
          """)
  void aMistakeIsNamedWithItsPlace(String line) {
    String[] parts = line.split(";");
    var thrown =
        assertThrows(GrammarException.class, () -> Texts.gbnf(parts[0].strip().replace('¶', '\n')));
    assertEquals(parts[1].strip(), thrown.getMessage());
  }
}
