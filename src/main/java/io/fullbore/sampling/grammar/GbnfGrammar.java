package io.fullbore.sampling.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads rules in GBNF, the notation of llama.cpp: {@code name ::= alternatives}, with literals,
 * classes, {@code .}, groups, the quantifiers {@code * + ? {m} {m,} {,n} {m,n}}, and comments from
 * {@code #} to the line's end. The answer is a text of the rule {@code root}.
 */
final class GbnfGrammar {
  private static final int MAX_NESTING = 100;
  private static final int MAX_COUNT = 100_000;

  private final int[] text; // code points
  private final RuleSet rules = new RuleSet();
  private final Map<String, Integer> ruleOf = new HashMap<>();
  private final Set<String> definedNames = new HashSet<>();
  private final Map<String, Integer> firstUse = new HashMap<>(); // where an undefined rule is named
  private int at;
  private int nesting;

  private GbnfGrammar(String source) {
    text = source.codePoints().toArray();
  }

  /**
   * @throws GrammarException with line and column of the first mistake
   */
  static Grammar of(String source) {
    return new GbnfGrammar(source).read();
  }

  private Grammar read() {
    skipBlanks(true);
    while (at < text.length) {
      rule();
      skipBlanks(true);
    }
    if (!firstUse.isEmpty()) {
      Map.Entry<String, Integer> undefined =
          firstUse.entrySet().stream().min(Map.Entry.comparingByValue()).orElseThrow();
      at = undefined.getValue();
      throw error("rule '%s' is not defined".formatted(undefined.getKey()));
    }
    Integer root = ruleOf.get("root");
    if (root == null) {
      throw new GrammarException("there is no rule 'root'");
    }
    return new Grammar(rules, root);
  }

  private void rule() {
    int start = at;
    String name = name();
    skipBlanks(false);
    if (!take(':') || !take(':') || !take('=')) {
      throw error("'::=' is missing");
    }
    skipBlanks(true);
    int rule = ruleNamed(name);
    if (!definedNames.add(name)) {
      at = start;
      throw error("rule '%s' is defined twice".formatted(name));
    }
    firstUse.remove(name);
    rules.define(rule, alternatives());
    if (at < text.length && text[at] != '\n' && text[at] != '\r') {
      throw error("unexpected '%s'".formatted(Character.toString(text[at])));
    }
  }

  private int ruleNamed(String name) {
    return ruleOf.computeIfAbsent(name, rules::declare);
  }

  private String name() {
    int start = at;
    while (at < text.length && isNameCharacter(text[at])) {
      at++;
    }
    if (at == start) {
      throw error("a rule's name is missing");
    }
    return new String(text, start, at - start);
  }

  private static boolean isNameCharacter(int character) {
    return character < 0x80 && Character.isLetterOrDigit(character)
        || character == '-'
        || character == '_';
  }

  private Expr alternatives() {
    List<Expr> alternatives = new ArrayList<>();
    alternatives.add(sequence());
    while (take('|')) {
      skipBlanks(true);
      alternatives.add(sequence());
    }
    return Expr.choice(alternatives);
  }

  private Expr sequence() {
    List<Expr> parts = new ArrayList<>();
    while (at < text.length && "|)\n\r".indexOf(text[at]) < 0) {
      parts.add(quantified());
      skipBlanks(nesting > 0);
    }
    return new Expr.Sequence(parts);
  }

  private Expr quantified() {
    Expr part = atom();
    skipBlanks(nesting > 0);
    for (int count = 0; at < text.length; count++) {
      if (count > MAX_NESTING) {
        throw error("too many quantifiers follow each other");
      }
      if (take('*')) {
        part = Expr.any(part);
      } else if (take('+')) {
        part = new Expr.Repeat(part, 1, Expr.UNBOUNDED);
      } else if (take('?')) {
        part = Expr.optional(part);
      } else if (take('{')) {
        part = counted(part);
      } else {
        return part;
      }
      skipBlanks(nesting > 0);
    }
    return part;
  }

  private Expr counted(Expr part) {
    skipBlanks(false);
    int min = at < text.length && text[at] == ',' ? 0 : count();
    skipBlanks(false);
    int max = min;
    if (take(',')) {
      skipBlanks(false);
      max = at < text.length && text[at] == '}' ? Expr.UNBOUNDED : count();
      skipBlanks(false);
    }
    if (!take('}')) {
      throw error("'}' is missing");
    }
    if (max < min) {
      throw error("the counts are the wrong way round");
    }
    return new Expr.Repeat(part, min, max);
  }

  private int count() {
    int start = at;
    int value = 0;
    while (at < text.length && text[at] >= '0' && text[at] <= '9') {
      value = value * 10 + text[at++] - '0';
      if (value > MAX_COUNT) {
        throw error("a count is greater than " + MAX_COUNT);
      }
    }
    if (at == start) {
      throw error("a count is missing");
    }
    return value;
  }

  private Expr atom() {
    if (take('"')) {
      return literal();
    }
    if (take('[')) {
      return Expr.utf8(charClass());
    }
    if (take('.')) {
      return Expr.utf8(CodePoints.ALL);
    }
    if (take('(')) {
      return group();
    }
    if (isNameCharacter(text[at])) {
      int start = at;
      String name = name();
      int rule = ruleNamed(name);
      if (!definedNames.contains(name)) {
        firstUse.putIfAbsent(name, start);
      }
      return new Expr.Call(rule);
    }
    throw error("unexpected '%s'".formatted(Character.toString(text[at])));
  }

  private Expr group() {
    if (++nesting > MAX_NESTING) {
      throw error("groups are nested deeper than " + MAX_NESTING);
    }
    skipBlanks(true);
    Expr inner = alternatives();
    if (!take(')')) {
      throw error("')' is missing");
    }
    nesting--;
    return inner;
  }

  private Expr literal() {
    var characters = new StringBuilder();
    while (!take('"')) {
      characters.appendCodePoint(character("a literal"));
    }
    return Expr.literal(characters.toString());
  }

  private CodePoints charClass() {
    boolean negated = take('^');
    CodePoints points = CodePoints.NONE;
    while (!take(']')) {
      int from = character("a class");
      int to = from;
      if (at + 1 < text.length && text[at] == '-' && text[at + 1] != ']') {
        at++;
        to = character("a class");
      }
      if (to < from) {
        throw error("a range is the wrong way round");
      }
      points = points.plus(CodePoints.range(from, to));
    }
    return negated ? points.inverted() : points;
  }

  private int character(String where) {
    if (at >= text.length) {
      throw error(where + " has no end");
    }
    int character = text[at++];
    if (character != '\\') {
      return character;
    }
    int escaped = at < text.length ? text[at++] : -1;
    return switch (escaped) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'x' -> hex(2);
      case 'u' -> hex(4);
      case 'U' -> hex(8);
      case '"', '\\', '[', ']', '-', '^' -> escaped;
      default -> throw error("unknown escape");
    };
  }

  private int hex(int digits) {
    long value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = at < text.length ? Character.digit(text[at], 16) : -1;
      if (digit < 0) {
        throw error("a hexadecimal digit is missing");
      }
      value = value << 4 | digit;
      at++;
    }
    boolean isScalar =
        value < Character.MIN_SURROGATE
            || value > Character.MAX_SURROGATE && value <= Character.MAX_CODE_POINT;
    if (!isScalar) {
      throw error("there is no such character");
    }
    return (int) value;
  }

  /** Blanks and comments. */
  private void skipBlanks(boolean newLines) {
    while (at < text.length) {
      if (text[at] == '#') {
        while (at < text.length && text[at] != '\n' && text[at] != '\r') {
          at++;
        }
      } else if (text[at] == ' '
          || text[at] == '\t'
          || newLines && (text[at] == '\n' || text[at] == '\r')) {
        at++;
      } else {
        return;
      }
    }
  }

  private boolean take(int character) {
    if (at < text.length && text[at] == character) {
      at++;
      return true;
    }
    return false;
  }

  private GrammarException error(String why) {
    int line = 1;
    int column = 1;
    for (int i = 0; i < Math.min(at, text.length); i++) {
      column++;
      if (text[i] == '\n') {
        line++;
        column = 1;
      }
    }
    return new GrammarException("%s (line %d, column %d)".formatted(why, line, column));
  }
}
