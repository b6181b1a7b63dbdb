package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Values.Tuple;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;

/** Python's {@code '%s' % x} and {@code '{}'.format(x)}, for what templates use of them. */
final class Formats {
  private static final int MAX_WIDTH = 10_000;

  private Formats() {}

  /** How one value is set: {@code [fill][align][sign][0][width][.precision][type]}. */
  private record Spec(char fill, char align, char sign, int width, int precision, char type) {}

  static Text percent(Text format, Object values, Budget budget, Printer printer) {
    String chars = format.chars();
    List<?> positional = values instanceof Tuple tuple ? tuple : List.of(values);
    int used = 0;
    var out = new Text.Builder(budget);
    int from = 0;
    for (int i = chars.indexOf('%'); i >= 0; i = chars.indexOf('%', from)) {
      out.append(format, from, i++);
      Object value = null;
      if (i < chars.length() && chars.charAt(i) == '(') {
        int close = chars.indexOf(')', i);
        if (close < 0 || !(values instanceof Map<?, ?> map)) {
          throw JinjaException.failed("format requires a mapping");
        }
        value = map.get(Text.ofTemplate(chars.substring(i + 1, close)));
        i = close + 1;
      }
      int specStart = i;
      while (i < chars.length() && "-+ 0123456789.".indexOf(chars.charAt(i)) >= 0) {
        i++;
      }
      if (i >= chars.length()) {
        throw JinjaException.failed("incomplete format");
      }
      char type = chars.charAt(i);
      from = i + 1;
      if (type == '%') {
        out.append("%");
        continue;
      }
      if (value == null) {
        if (used >= positional.size()) {
          throw JinjaException.failed("not enough arguments for format string");
        }
        value = positional.get(used++);
      }
      Text shown = type == 'r' ? printer.repr(value) : printer.str(value);
      out.append(set(value, shown, percentSpec(chars.substring(specStart, i), type), budget));
    }
    if (values instanceof Tuple && used < positional.size()) {
      throw JinjaException.failed("not all arguments converted during string formatting");
    }
    return out.append(format, from, chars.length()).build();
  }

  private static Spec percentSpec(String flags, char type) {
    boolean left = flags.startsWith("-");
    Spec spec = braceSpec((left ? flags.substring(1) : flags) + (type == 'i' ? 'd' : type));
    return new Spec(
        spec.fill(),
        left ? '<' : spec.align() == '=' ? '=' : '>',
        spec.sign(),
        spec.width(),
        spec.precision(),
        spec.type());
  }

  static Text braces(Text format, Arguments arguments, Budget budget, Printer printer) {
    String chars = format.chars();
    int next = 0;
    var out = new Text.Builder(budget);
    int i = 0;
    while (i < chars.length()) {
      char c = chars.charAt(i);
      if ((c == '{' || c == '}') && i + 1 < chars.length() && chars.charAt(i + 1) == c) {
        out.append(format, i, i + 1);
        i += 2;
      } else if (c == '{') {
        int close = chars.indexOf('}', i);
        if (close < 0) {
          throw JinjaException.failed("expected '}' before end of string");
        }
        String field = chars.substring(i + 1, close);
        int colon = field.indexOf(':');
        String name = colon < 0 ? field : field.substring(0, colon);
        boolean quoted = name.endsWith("!r");
        String key = name.endsWith("!s") || quoted ? name.substring(0, name.length() - 2) : name;
        Object value = key.isEmpty() ? argument(arguments, next++) : named(arguments, key);
        Text shown = quoted ? printer.repr(value) : printer.str(value);
        Spec spec = braceSpec(colon < 0 ? "" : field.substring(colon + 1));
        out.append(set(quoted ? shown : value, shown, spec, budget));
        i = close + 1;
      } else if (c == '}') {
        throw JinjaException.failed("single '}' encountered in format string");
      } else {
        int end = i;
        while (end < chars.length() && chars.charAt(end) != '{' && chars.charAt(end) != '}') {
          end++;
        }
        out.append(format, i, end);
        i = end;
      }
    }
    return out.build();
  }

  private static Object named(Arguments arguments, String key) {
    if (key.chars().allMatch(c -> c >= '0' && c <= '9') && key.length() < 6) {
      return argument(arguments, Integer.parseInt(key));
    }
    Object value = arguments.keyword().get(key);
    if (value == null) {
      throw JinjaException.failed("format: no argument named '%s'".formatted(key));
    }
    return value;
  }

  private static Object argument(Arguments arguments, int index) {
    if (index >= arguments.positional().size()) {
      throw JinjaException.failed("format: no argument at index %d".formatted(index));
    }
    return arguments.positional().get(index);
  }

  private static Spec braceSpec(String text) {
    int i = 0;
    char fill = ' ';
    char align = ' ';
    if (text.length() > 1 && "<>^=".indexOf(text.charAt(1)) >= 0) {
      fill = text.charAt(0);
      align = text.charAt(1);
      i = 2;
    } else if (!text.isEmpty() && "<>^=".indexOf(text.charAt(0)) >= 0) {
      align = text.charAt(i++);
    }
    char sign = '-';
    if (i < text.length() && "+- ".indexOf(text.charAt(i)) >= 0) {
      sign = text.charAt(i++);
    }
    if (i < text.length() && text.charAt(i) == '0' && align == ' ') {
      fill = '0';
      align = '=';
      i++;
    }
    int widthEnd = digits(text, i);
    int width = widthEnd > i ? number(text, i, widthEnd) : 0;
    i = widthEnd;
    int precision = -1;
    if (i < text.length() && text.charAt(i) == '.') {
      int end = digits(text, i + 1);
      precision = end > i + 1 ? number(text, i + 1, end) : 0;
      i = end;
    }
    char type = i < text.length() ? text.charAt(i++) : ' ';
    if (i < text.length() || "sdfrxX ".indexOf(type) < 0) {
      throw JinjaException.failed("format specification '%s' is not supported".formatted(text));
    }
    return new Spec(fill, align, sign, width, precision, type);
  }

  private static int digits(String text, int from) {
    int i = from;
    while (i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9') {
      i++;
    }
    return i;
  }

  private static int number(String text, int from, int to) {
    int value = to - from > 5 ? MAX_WIDTH + 1 : Integer.parseInt(text.substring(from, to));
    if (value > MAX_WIDTH) {
      throw JinjaException.limit("a format width beyond %d".formatted(MAX_WIDTH));
    }
    return value;
  }

  private static Text set(Object value, Text shown, Spec spec, Budget budget) {
    Text body = shown;
    String sign = "";
    boolean numeric = Operators.isNumber(value) && !(value instanceof Boolean);
    if ("dfxX".indexOf(spec.type()) >= 0 || (numeric && spec.type() == ' ')) {
      if (!Operators.isNumber(value)) {
        throw JinjaException.failed(
            "format '%s': a number is required, not %s"
                .formatted(spec.type(), Values.typeName(value)));
      }
      boolean negative = Operators.toDouble(value) < 0;
      sign = negative ? "-" : spec.sign() == '-' ? "" : String.valueOf(spec.sign());
      String digits = digits(value, spec);
      body = Text.ofTemplate(digits.startsWith("-") ? digits.substring(1) : digits);
    } else if (spec.precision() >= 0 && spec.precision() < shown.length()) {
      body = shown.substring(0, spec.precision());
    }
    int padding = Math.max(0, spec.width() - body.length() - sign.length());
    char align = spec.align() == ' ' ? (numeric ? '>' : '<') : spec.align();
    int before = align == '>' ? padding : align == '^' ? padding / 2 : 0;
    String fill = String.valueOf(spec.fill());
    return new Text.Builder(budget)
        .append(fill.repeat(before))
        .append(sign)
        .append(fill.repeat(align == '=' ? padding : 0))
        .append(body)
        .append(fill.repeat(align == '=' ? 0 : padding - before))
        .build();
  }

  private static String digits(Object value, Spec spec) {
    return switch (spec.type()) {
      case 'f' -> {
        double number = Operators.toDouble(value);
        yield Double.isFinite(number)
            ? new BigDecimal(number)
                .setScale(spec.precision() < 0 ? 6 : spec.precision(), RoundingMode.HALF_EVEN)
                .toPlainString()
            : Printer.decimal(number);
      }
      case 'd' ->
          Long.toString(value instanceof Double d ? d.longValue() : Operators.toLong(value));
      case 'x' -> Long.toString(Operators.toLong(value), 16);
      case 'X' -> Long.toString(Operators.toLong(value), 16).toUpperCase(java.util.Locale.ROOT);
      default -> value instanceof Double d ? Printer.decimal(d) : String.valueOf(value);
    };
  }
}
