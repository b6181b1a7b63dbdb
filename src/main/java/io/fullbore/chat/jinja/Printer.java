package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Values.Generator;
import io.fullbore.chat.jinja.Values.Namespace;
import io.fullbore.chat.jinja.Values.None;
import io.fullbore.chat.jinja.Values.Range;
import io.fullbore.chat.jinja.Values.Tuple;
import io.fullbore.chat.jinja.Values.Undefined;
import io.fullbore.chat.jinja.Values.View;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** Python's {@code str()} and {@code repr()}. */
final class Printer {
  private final Budget budget;

  Printer(Budget budget) {
    this.budget = budget;
  }

  /** What {@code {{ value }}} prints. */
  Text str(Object value) {
    return switch (value) {
      case Text text -> text;
      case Undefined _ -> Text.EMPTY;
      default -> repr(value);
    };
  }

  Text repr(Object value) {
    var out = new Text.Builder(budget);
    repr(value, out);
    return out.build();
  }

  private void repr(Object value, Text.Builder out) {
    budget.enter();
    switch (value) {
      case Text text -> quote(text, out);
      case Boolean flag -> out.append(flag ? "True" : "False");
      case None _ -> out.append("None");
      case Undefined _ -> out.append("Undefined");
      case Double number -> out.append(decimal(number));
      case Tuple tuple -> {
        list("(", tuple, out);
        out.append(tuple.size() == 1 ? ",)" : ")");
      }
      case Range range -> range(range, out);
      case List<?> list -> {
        list("[", list, out);
        out.append("]");
      }
      case Map<?, ?> map -> map(map, out);
      case View view -> {
        list(view.type() + "([", view.items(), out);
        out.append("])");
      }
      case Namespace namespace -> {
        out.append("<Namespace ");
        map(namespace.attributes(), out);
        out.append(">");
      }
      case Generator _ -> out.append("<generator>");
      case Number number -> out.append(number.toString());
      default -> out.append("<" + Values.typeName(value) + ">");
    }
    budget.leave();
  }

  private void list(String open, List<?> items, Text.Builder out) {
    out.append(open);
    boolean first = true;
    for (Object item : items) {
      if (!first) {
        out.append(", ");
      }
      first = false;
      repr(item, out);
    }
  }

  private void map(Map<?, ?> map, Text.Builder out) {
    String separator = "{";
    for (var entry : map.entrySet()) {
      out.append(separator);
      separator = ", ";
      Object key = entry.getKey();
      repr(key instanceof String name ? Text.ofTemplate(name) : key, out);
      out.append(": ");
      repr(entry.getValue(), out);
    }
    out.append(map.isEmpty() ? "{}" : "}");
  }

  private static void range(Range range, Text.Builder out) {
    long step = range.step();
    String bounds = "range(%d, %d".formatted(range.start(), range.stop());
    out.append(step == 1 ? bounds + ")" : bounds + ", " + step + ")");
  }

  /** Python's shortest decimal that reads back as the same number. */
  static String decimal(double number) {
    if (Double.isNaN(number)) {
      return "nan";
    }
    if (Double.isInfinite(number)) {
      return number > 0 ? "inf" : "-inf";
    }
    if (number == 0) {
      return 1 / number < 0 ? "-0.0" : "0.0";
    }
    BigDecimal exact = new BigDecimal(Double.toString(number)).stripTrailingZeros();
    int exponent = exact.precision() - exact.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      String plain = exact.toPlainString();
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    String digits = exact.unscaledValue().abs().toString();
    String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
    return "%s%s%se%s%02d"
        .formatted(
            number < 0 ? "-" : "",
            digits.charAt(0),
            fraction,
            exponent < 0 ? "-" : "+",
            Math.abs(exponent));
  }

  private static void quote(Text text, Text.Builder out) {
    String chars = text.chars();
    boolean useDouble = chars.indexOf('\'') >= 0 && chars.indexOf('"') < 0;
    char quote = useDouble ? '"' : '\'';
    out.append(String.valueOf(quote));
    int plainFrom = 0;
    int i = 0;
    while (i < chars.length()) {
      int c = chars.codePointAt(i);
      int width = Character.charCount(c);
      if (c == quote || c == '\\' || !Characters.isPrintable(c)) {
        out.append(text, plainFrom, i).append(escape(c), text.fromCaller(i));
        plainFrom = i + width;
      }
      i += width;
    }
    out.append(text, plainFrom, chars.length()).append(String.valueOf(quote));
  }

  private static String escape(int c) {
    return switch (c) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\\', '\'', '"' -> "\\" + (char) c;
      default ->
          c < 0x100
              ? "\\x%02x".formatted(c)
              : c < 0x10000 ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c);
    };
  }
}
