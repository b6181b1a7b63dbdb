package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Template source to tokens, with Jinja's white-space rules under {@code trim_blocks} and {@code
 * lstrip_blocks}, which is how chat templates are rendered: the newline after a block or comment
 * goes, blanks before a block or comment that starts a line go, {@code -} takes all white space on
 * its side, and {@code +} keeps it.
 */
final class Lexer {
  private static final List<String> OPERATORS = List.of("**", "//", "==", "!=", ">=", "<=");
  private static final String SINGLE_OPERATORS = "+-*/%~[](){}<>=.:|,";

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private int position;
  private int line = 1;
  private int lineCountedTo;
  private boolean lineStarting = true;

  private Lexer(String source) {
    String unix = source.replace("\r\n", "\n").replace('\r', '\n');
    this.source = unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
  }

  static List<Token> tokenize(String source) {
    var lexer = new Lexer(source);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    while (position < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        add(Kind.DATA, source.substring(position));
        position = source.length();
        break;
      }
      int dataStart = position;
      char type = source.charAt(tag + 1);
      char sign = charAt(tag + 2) == '-' || charAt(tag + 2) == '+' ? charAt(tag + 2) : ' ';
      String data = stripBefore(source.substring(dataStart, tag), sign, type != '{');
      if (!data.isEmpty()) {
        add(Kind.DATA, data);
      }
      position = tag + (sign == ' ' ? 2 : 3);
      switch (type) {
        case '#' -> skipComment();
        case '{' -> tag(Kind.VARIABLE_BEGIN, Kind.VARIABLE_END, "}}");
        default -> {
          if (!raw()) {
            tag(Kind.BLOCK_BEGIN, Kind.BLOCK_END, "%}");
          }
        }
      }
    }
    add(Kind.END, "");
  }

  private int nextTag() {
    int brace = source.indexOf('{', position);
    while (brace >= 0 && brace + 1 < source.length()) {
      if ("{%#".indexOf(source.charAt(brace + 1)) >= 0) {
        return brace;
      }
      brace = source.indexOf('{', brace + 1);
    }
    return -1;
  }

  private String stripBefore(String data, char sign, boolean block) {
    if (sign == '-') {
      return data.substring(0, Characters.trimSpace(data, 0));
    }
    if (sign == '+' || !block) {
      return data;
    }
    int lineStart = data.lastIndexOf('\n') + 1;
    boolean startsLine = lineStart > 0 || lineStarting;
    return startsLine && Characters.trimSpace(data, lineStart) == lineStart
        ? data.substring(0, lineStart)
        : data;
  }

  private void skipComment() {
    int end = source.indexOf("#}", position);
    if (end < 0) {
      throw error("a comment '{#' without its '#}'");
    }
    char sign = end > position ? source.charAt(end - 1) : ' ';
    position = end + 2;
    stripAfter(sign, true);
  }

  /** Called behind an end tag. */
  private void stripAfter(char sign, boolean trimNewline) {
    int end = position;
    if (sign == '-') {
      position = Characters.skipSpace(source, position);
    } else if (sign != '+' && trimNewline && charAt(position) == '\n') {
      position++;
    }
    lineStarting = position > end && source.charAt(position - 1) == '\n';
  }

  /** A raw block, if one starts here: its body is data. */
  private boolean raw() {
    int name = Characters.skipSpace(source, position);
    if (!source.startsWith("raw", name)) {
      return false;
    }
    int end = Characters.skipSpace(source, name + 3);
    char sign = charAt(end) == '-' ? '-' : ' ';
    if (!source.startsWith("%}", sign == '-' ? end + 1 : end)) {
      return false;
    }
    position = (sign == '-' ? end + 1 : end) + 2;
    stripAfter(sign, false);
    int bodyStart = position;
    for (int tag = source.indexOf("{%", position); tag >= 0; tag = source.indexOf("{%", tag + 2)) {
      char before = charAt(tag + 2) == '-' || charAt(tag + 2) == '+' ? charAt(tag + 2) : ' ';
      int endName = Characters.skipSpace(source, tag + (before == ' ' ? 2 : 3));
      if (!source.startsWith("endraw", endName)) {
        continue;
      }
      int close = Characters.skipSpace(source, endName + 6);
      char after = charAt(close) == '-' || charAt(close) == '+' ? charAt(close) : ' ';
      int closed = after == ' ' ? close : close + 1;
      if (source.startsWith("%}", closed)) {
        String body = stripBefore(source.substring(bodyStart, tag), before, true);
        add(Kind.DATA, body);
        position = closed + 2;
        stripAfter(after, true);
        return true;
      }
    }
    throw error("'{% raw %}' without its '{% endraw %}'");
  }

  private void tag(Kind begin, Kind end, String endMark) {
    add(begin, "");
    Deque<Character> open = new ArrayDeque<>();
    while (true) {
      position = Characters.skipSpace(source, position);
      if (position >= source.length()) {
        throw error("a tag without its '%s'".formatted(endMark));
      }
      if (open.isEmpty()) {
        char sign = source.charAt(position);
        boolean signed = sign == '-' || (sign == '+' && end == Kind.BLOCK_END);
        if (source.startsWith(endMark, signed ? position + 1 : position)) {
          add(end, "");
          position += signed ? 3 : 2;
          stripAfter(signed ? sign : ' ', end == Kind.BLOCK_END);
          return;
        }
      }
      token(open);
    }
  }

  private void token(Deque<Character> open) {
    char c = source.charAt(position);
    if (c == '\'' || c == '"') {
      string(c);
    } else if (c >= '0' && c <= '9') {
      number();
    } else if (c == '_' || Character.isUnicodeIdentifierStart(c)) {
      int start = position;
      while (position < source.length()
          && (source.charAt(position) == '_'
              || Character.isUnicodeIdentifierPart(source.charAt(position)))) {
        position++;
      }
      add(Kind.NAME, source.substring(start, position));
    } else {
      operator(c, open);
    }
  }

  private void operator(char c, Deque<Character> open) {
    String operator = null;
    for (String candidate : OPERATORS) {
      if (source.startsWith(candidate, position)) {
        operator = candidate;
      }
    }
    if (operator == null) {
      if (SINGLE_OPERATORS.indexOf(c) < 0) {
        throw error("unexpected character '%s'".formatted(c));
      }
      operator = String.valueOf(c);
    }
    switch (c) {
      case '(' -> open.push(')');
      case '[' -> open.push(']');
      case '{' -> open.push('}');
      case ')', ']', '}' -> {
        if (open.isEmpty() || open.pop() != c) {
          throw error("unexpected '%s'".formatted(c));
        }
      }
      default -> {}
    }
    add(Kind.OPERATOR, operator);
    position += operator.length();
  }

  private void number() {
    int start = position;
    boolean afterDot = start > 0 && source.charAt(start - 1) == '.';
    position = digits(position);
    boolean isFloat = false;
    if (!afterDot && charAt(position) == '.' && isDigit(charAt(position + 1))) {
      position = digits(position + 1);
      isFloat = true;
    }
    if (!afterDot && (charAt(position) == 'e' || charAt(position) == 'E')) {
      int exponent = position + 1;
      if (charAt(exponent) == '+' || charAt(exponent) == '-') {
        exponent++;
      }
      if (isDigit(charAt(exponent))) {
        position = digits(exponent);
        isFloat = true;
      }
    }
    String text = source.substring(start, position).replace("_", "");
    add(isFloat ? Kind.FLOAT : Kind.INTEGER, text);
  }

  private int digits(int from) {
    int i = from;
    while (isDigit(charAt(i)) || (charAt(i) == '_' && isDigit(charAt(i + 1)))) {
      i++;
    }
    return i;
  }

  private void string(char quote) {
    int start = position + 1;
    int end = start;
    while (charAt(end) != quote) {
      if (end >= source.length()) {
        throw error("a string without its closing quote");
      }
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    add(Kind.STRING, unescape(source.substring(start, end)));
    position = end + 1;
  }

  /** Python's string escapes. */
  private String unescape(String literal) {
    if (literal.indexOf('\\') < 0) {
      return literal;
    }
    var out = new StringBuilder();
    int i = 0;
    while (i < literal.length()) {
      char c = literal.charAt(i++);
      if (c != '\\') {
        out.append(c);
        continue;
      }
      char escape = literal.charAt(i++);
      int simple = "\n\\'\"abfnrtv".indexOf(escape);
      if (simple == 0) {
        continue;
      }
      if (simple > 0) {
        out.append("\\'\"\u0007\b\f\n\r\t\u000b".charAt(simple - 1));
      } else if (escape >= '0' && escape <= '7') {
        int end = i;
        while (end < literal.length() && end < i + 2 && isOctal(literal.charAt(end))) {
          end++;
        }
        out.append((char) Integer.parseInt(literal.substring(i - 1, end), 8));
        i = end;
      } else if (escape == 'x' || escape == 'u' || escape == 'U') {
        int digits = escape == 'x' ? 2 : escape == 'u' ? 4 : 8;
        out.appendCodePoint(hex(literal, i, i + digits));
        i += digits;
      } else {
        out.append('\\').append(escape);
      }
    }
    return out.toString();
  }

  private int hex(String literal, int from, int to) {
    int value = 0;
    for (int i = from; i < to; i++) {
      int digit = i < literal.length() ? Character.digit(literal.charAt(i), 16) : -1;
      value = value * 16 + digit;
      if (digit < 0 || value > Character.MAX_CODE_POINT) {
        throw error("a truncated or impossible escape in a string");
      }
    }
    return value;
  }

  private static boolean isOctal(char c) {
    return c >= '0' && c <= '7';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** NUL behind the end, which no rule accepts. */
  private char charAt(int index) {
    return index < source.length() ? source.charAt(index) : '\0';
  }

  private void add(Kind kind, String text) {
    tokens.add(new Token(kind, text, line()));
  }

  private int line() {
    for (; lineCountedTo < Math.min(position, source.length()); lineCountedTo++) {
      if (source.charAt(lineCountedTo) == '\n') {
        line++;
      }
    }
    return line;
  }

  private JinjaException error(String message) {
    return JinjaException.syntax(message, line());
  }
}
