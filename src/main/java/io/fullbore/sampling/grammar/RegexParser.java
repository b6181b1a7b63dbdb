package io.fullbore.sampling.grammar;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads a regular expression in the syntax that Java, JavaScript and Python share: literals, {@code
 * .}, classes, {@code \d \w \s \D \W \S}, escapes of characters, groups, alternatives and the
 * quantifiers {@code * + ? {m} {m,} {m,n}}, lazy ones too, as which texts match is the same.
 * Anchors may stand at the ends of the whole pattern's alternatives. Words are ASCII. Look-around,
 * back-references, word boundaries, flags and possessive quantifiers are refused.
 */
final class RegexParser {
  private static final int MAX_NESTING = 100;
  private static final int MAX_COUNT = 100_000;

  private static final CodePoints DIGITS = CodePoints.range('0', '9');
  private static final CodePoints WORD =
      DIGITS
          .plus(CodePoints.range('a', 'z'))
          .plus(CodePoints.range('A', 'Z'))
          .plus(CodePoints.of('_'));
  private static final CodePoints BLANKS = CodePoints.ofAll(" \t\n\u000B\f\r");

  /** What any dialect takes for a blank: none of them is in {@code \S}. */
  private static final CodePoints ALL_BLANKS =
      BLANKS
          .plus(CodePoints.ofAll("\u0085\u00A0\u1680\u2028\u2029\u202F\u205F\u3000\uFEFF"))
          .plus(CodePoints.range(0x2000, 0x200A));

  /** What {@code .} leaves out in any dialect. */
  private static final CodePoints LINE_ENDS = CodePoints.ofAll("\n\r\u0085\u2028\u2029");

  /**
   * A part of a pattern.
   *
   * @param min characters that it matches at least
   * @param max characters that it matches at most
   */
  record Part(Expr expr, long min, long max) {
    static final Part EMPTY = new Part(Expr.EMPTY, 0, 0);

    Part then(Part next) {
      return new Part(Expr.sequence(expr, next.expr), min + next.min, plus(max, next.max));
    }

    private static long plus(long a, long b) {
      return Math.min(a + b, Expr.UNBOUNDED);
    }
  }

  private final int[] pattern; // code points
  private final Spelling spelling;
  private final boolean search;
  private int at;
  private int nesting;

  private RegexParser(String pattern, Spelling spelling, boolean search) {
    this.pattern = pattern.codePoints().toArray();
    this.spelling = spelling;
    this.search = search;
  }

  /**
   * @param search whether the pattern may match anywhere, unless it has anchors
   * @throws GrammarException saying where it is wrong or not supported
   */
  static Part parse(String pattern, Spelling spelling, boolean search) {
    return new RegexParser(pattern, spelling, search).whole();
  }

  private Part whole() {
    Part part = alternatives();
    if (at < pattern.length) {
      throw error("unexpected '" + Character.toString(pattern[at]) + "'");
    }
    return part;
  }

  private Part alternatives() {
    List<Expr> alternatives = new ArrayList<>();
    long min = Expr.UNBOUNDED;
    long max = 0;
    do {
      Part part = nesting == 0 ? topAlternative() : sequence();
      alternatives.add(part.expr());
      min = Math.min(min, part.min());
      max = Math.max(max, part.max());
    } while (take('|'));
    return new Part(Expr.choice(alternatives), min, max);
  }

  private Part topAlternative() {
    boolean fromStart = take('^');
    Part part = sequence();
    boolean toEnd = take('$');
    if (!search) {
      return part;
    }
    Part anything = new Part(Expr.any(spelling.of(CodePoints.ALL)), 0, Expr.UNBOUNDED);
    Part head = fromStart ? part : anything.then(part);
    return toEnd ? head : head.then(anything);
  }

  private Part sequence() {
    List<Expr> parts = new ArrayList<>();
    long min = 0;
    long max = 0;
    while (at < pattern.length && pattern[at] != '|' && pattern[at] != ')' && pattern[at] != '$') {
      Part part = quantified();
      parts.add(part.expr());
      min = Math.min(min + part.min(), Expr.UNBOUNDED);
      max = Part.plus(max, part.max());
    }
    return new Part(new Expr.Sequence(parts), min, max);
  }

  private Part quantified() {
    Part part = atom();
    for (int count = 0; at < pattern.length; count++) {
      if (count > MAX_NESTING) {
        throw error("too many quantifiers follow each other");
      }
      int from;
      int to;
      switch (pattern[at]) {
        case '*' -> {
          at++;
          from = 0;
          to = Expr.UNBOUNDED;
        }
        case '+' -> {
          at++;
          from = 1;
          to = Expr.UNBOUNDED;
        }
        case '?' -> {
          at++;
          from = 0;
          to = 1;
        }
        case '{' -> {
          at++;
          from = count();
          to =
              take(',')
                  ? at < pattern.length && pattern[at] == '}' ? Expr.UNBOUNDED : count()
                  : from;
          require('}');
        }
        default -> {
          return part;
        }
      }
      if (to < from) {
        throw error("the quantifier's bounds are the wrong way round");
      }
      if (at < pattern.length && pattern[at] == '+') {
        throw error("possessive quantifiers are not supported");
      }
      take('?');
      part =
          new Part(
              new Expr.Repeat(part.expr(), from, to),
              Math.min(part.min() * from, Expr.UNBOUNDED),
              part.max() == 0 ? 0 : Math.min(part.max() * to, Expr.UNBOUNDED));
    }
    return part;
  }

  private int count() {
    int start = at;
    long value = 0;
    while (at < pattern.length && pattern[at] >= '0' && pattern[at] <= '9') {
      value = value * 10 + pattern[at++] - '0';
      if (value > MAX_COUNT) {
        throw error("a count is greater than " + MAX_COUNT);
      }
    }
    if (at == start) {
      throw error("a count is missing; write \\{ for a brace");
    }
    return (int) value;
  }

  private Part atom() {
    int character = pattern[at++];
    return switch (character) {
      case '(' -> group();
      case '[' -> one(charClass());
      case '.' -> one(LINE_ENDS.inverted());
      case '\\' -> one(escape(false));
      case '*', '+', '?', '{' -> throw errorBefore("nothing stands before the quantifier");
      case '^' -> throw errorBefore("an anchor is supported only at the pattern's ends");
      default -> one(CodePoints.of(character));
    };
  }

  private Part one(CodePoints points) {
    if (points.isEmpty()) {
      throw errorBefore("nothing can match here");
    }
    return new Part(spelling.of(points), 1, 1);
  }

  private Part group() {
    if (take('?')) {
      if (take('P') && at < pattern.length && pattern[at] != '<') {
        throw error("this kind of group is not supported");
      }
      if (take('<')) {
        groupName();
      } else if (!take(':')) {
        throw error("look-around, flags and other kinds of groups are not supported");
      }
    }
    if (++nesting > MAX_NESTING) {
      throw error("groups are nested deeper than " + MAX_NESTING);
    }
    Part part = alternatives();
    nesting--;
    if (at < pattern.length && pattern[at] == '$') {
      throw error("an anchor is supported only at the pattern's ends");
    }
    require(')');
    return part;
  }

  private void groupName() {
    int start = at;
    while (at < pattern.length && WORD.contains(pattern[at])) {
      at++;
    }
    if (at == start) {
      throw error("look-behind is not supported");
    }
    require('>');
  }

  private CodePoints charClass() {
    boolean negated = take('^');
    CodePoints points = CodePoints.NONE;
    boolean first = true;
    while (first || !take(']')) {
      first = false;
      if (at >= pattern.length) {
        throw error("a class has no end");
      }
      if (pattern[at] == '['
          || pattern[at] == '&' && at + 1 < pattern.length && pattern[at + 1] == '&') {
        throw error("classes in classes are not supported; write \\[ for a bracket");
      }
      points = points.plus(classItem(negated));
    }
    return negated ? points.inverted() : points;
  }

  private CodePoints classItem(boolean negated) {
    CodePoints from = classCharacter(negated);
    boolean isRange = at + 1 < pattern.length && pattern[at] == '-' && pattern[at + 1] != ']';
    if (!isRange) {
      return from;
    }
    at++;
    CodePoints to = classCharacter(negated);
    if (!isOne(from) || !isOne(to) || first(from) > first(to)) {
      throw error("a range in a class is wrong");
    }
    return CodePoints.range(first(from), first(to));
  }

  private static boolean isOne(CodePoints points) {
    return points.ranges().size() == 1
        && points.ranges().getFirst().from() == points.ranges().getFirst().to();
  }

  private static int first(CodePoints points) {
    return points.ranges().getFirst().from();
  }

  private CodePoints classCharacter(boolean negated) {
    int character = pattern[at++];
    if (character != '\\') {
      return CodePoints.of(character);
    }
    if (take('b')) {
      return CodePoints.of('\b');
    }
    return escape(negated);
  }

  /**
   * @param negated whether what is read is turned into its opposite afterwards: then blanks are
   *     those of any dialect
   */
  private CodePoints escape(boolean negated) {
    if (at >= pattern.length) {
      throw error("the pattern ends with a backslash");
    }
    int character = pattern[at++];
    return switch (character) {
      case 'd' -> DIGITS;
      case 'D' -> DIGITS.inverted();
      case 'w' -> WORD;
      case 'W' -> WORD.inverted();
      case 's' -> negated ? ALL_BLANKS : BLANKS;
      case 'S' -> (negated ? BLANKS : ALL_BLANKS).inverted();
      case 'n' -> CodePoints.of('\n');
      case 'r' -> CodePoints.of('\r');
      case 't' -> CodePoints.of('\t');
      case 'f' -> CodePoints.of('\f');
      case 'v' -> CodePoints.of('\u000B');
      case '0' -> CodePoints.of(0);
      case 'x' -> CodePoints.of(hex(2));
      case 'u' -> CodePoints.of(unicode());
      default -> {
        if (character < 0x80 && Character.isLetterOrDigit(character)) {
          throw errorBefore("\\" + (char) character + " is not supported");
        }
        yield CodePoints.of(character);
      }
    };
  }

  private int unicode() {
    if (!take('{')) {
      return hex(4);
    }
    int length = 0;
    while (at + length < pattern.length && pattern[at + length] != '}') {
      length++;
    }
    int point = length <= 6 ? hex(length) : Integer.MAX_VALUE;
    require('}');
    if (point > Character.MAX_CODE_POINT) {
      throw error("there is no such character");
    }
    return point;
  }

  private int hex(int digits) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = at < pattern.length ? Character.digit(pattern[at], 16) : -1;
      if (digit < 0) {
        throw error("a hexadecimal digit is missing");
      }
      value = value << 4 | digit;
      at++;
    }
    return value;
  }

  private boolean take(int character) {
    if (at < pattern.length && pattern[at] == character) {
      at++;
      return true;
    }
    return false;
  }

  private void require(int character) {
    if (!take(character)) {
      throw error("'%c' is missing".formatted(character));
    }
  }

  private GrammarException errorBefore(String why) {
    at--;
    return error(why);
  }

  private GrammarException error(String why) {
    return new GrammarException("%s at index %d of the pattern".formatted(why, at));
  }
}
