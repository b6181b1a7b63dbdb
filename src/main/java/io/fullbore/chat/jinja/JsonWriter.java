package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Values.None;
import io.fullbore.chat.jinja.Values.Range;
import java.math.BigInteger;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The {@code tojson} filter as Hugging Face's renderer defines it: Python's {@code json.dumps} with
 * {@code ensure_ascii=False}, and no escaping for HTML.
 */
final class JsonWriter {
  private final Budget budget;
  private final Text.Builder out;
  private final @Nullable Text indent;
  private final Text itemSeparator;
  private final Text keySeparator;
  private final boolean sortKeys;
  private final boolean asciiOnly;

  private JsonWriter(Budget budget, @Nullable Object[] options) {
    this.budget = budget;
    this.out = new Text.Builder(budget);
    this.asciiOnly = Operators.truth(options[0] == null ? false : options[0]);
    this.indent =
        switch (options[1]) {
          case null -> null;
          case None _ -> null;
          case Text text -> text;
          case Long width when width <= 100 ->
              Text.ofTemplate(" ".repeat((int) Math.max(0, width)));
          default -> throw JinjaException.failed("tojson: indent must be a small number or a text");
        };
    switch (options[2]) {
      case List<?> pair
          when pair.size() == 2
              && pair.get(0) instanceof Text item
              && pair.get(1) instanceof Text key -> {
        this.itemSeparator = item;
        this.keySeparator = key;
      }
      case null, default -> {
        this.itemSeparator = Text.ofTemplate(indent == null ? ", " : ",");
        this.keySeparator = Text.ofTemplate(": ");
      }
    }
    this.sortKeys = Operators.truth(options[3] == null ? false : options[3]);
  }

  static Text write(Object value, Arguments arguments, Budget budget) {
    var writer =
        new JsonWriter(
            budget, arguments.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys"));
    writer.value(value, 0);
    return writer.out.build();
  }

  private void value(Object value, int level) {
    budget.enter();
    switch (value) {
      case Text text -> string(text);
      case Boolean flag -> out.append(flag ? "true" : "false");
      case None _ -> out.append("null");
      case Long number -> out.append(number.toString());
      case BigInteger number -> out.append(number.toString());
      case Double number -> out.append(number(number));
      case Range range -> throw notSerializable(range);
      case List<?> list -> list(list, level);
      case Map<?, ?> map -> map(map, level);
      default -> throw notSerializable(value);
    }
    budget.leave();
  }

  private static JinjaException notSerializable(Object value) {
    return JinjaException.failed(
        "Object of type %s is not JSON serializable".formatted(Values.typeName(value)));
  }

  private static String number(double number) {
    if (Double.isNaN(number)) {
      return "NaN";
    }
    if (Double.isInfinite(number)) {
      return number > 0 ? "Infinity" : "-Infinity";
    }
    return Printer.decimal(number);
  }

  private void list(List<?> list, int level) {
    if (list.isEmpty()) {
      out.append("[]");
      return;
    }
    out.append("[");
    boolean first = true;
    for (Object item : list) {
      next(first, level + 1);
      first = false;
      value(item, level + 1);
    }
    newLine(level);
    out.append("]");
  }

  private void map(Map<?, ?> map, int level) {
    if (map.isEmpty()) {
      out.append("{}");
      return;
    }
    out.append("{");
    boolean first = true;
    for (Map.Entry<?, ?> entry : entries(map)) {
      next(first, level + 1);
      first = false;
      string(key(entry.getKey()));
      out.append(keySeparator);
      value(entry.getValue(), level + 1);
    }
    newLine(level);
    out.append("}");
  }

  private Collection<? extends Map.Entry<?, ?>> entries(Map<?, ?> map) {
    if (!sortKeys) {
      return map.entrySet();
    }
    budget.elements(map.size() * 8L);
    return map.entrySet().stream()
        .sorted(Comparator.comparing(entry -> key(entry.getKey()), Operators::compareTexts))
        .toList();
  }

  private static Text key(Object key) {
    return switch (key) {
      case Text text -> text;
      case Boolean flag -> Text.ofTemplate(flag ? "true" : "false");
      case None _ -> Text.ofTemplate("null");
      case Long number -> Text.ofTemplate(number.toString());
      case Double number -> Text.ofTemplate(number(number));
      default ->
          throw JinjaException.failed(
              "keys must be str, int, float, bool or None, not " + Values.typeName(key));
    };
  }

  private void next(boolean first, int level) {
    if (!first) {
      out.append(itemSeparator);
    }
    newLine(level);
  }

  private void newLine(int level) {
    if (indent != null) {
      out.append("\n");
      for (int i = 0; i < level; i++) {
        out.append(indent);
      }
    }
  }

  private void string(Text text) {
    out.append("\"");
    String chars = text.chars();
    int plainFrom = 0;
    for (int i = 0; i < chars.length(); i++) {
      char c = chars.charAt(i);
      if (c == '"' || c == '\\' || c < ' ' || (asciiOnly && c > '~')) {
        out.append(text, plainFrom, i).append(escape(c), text.fromCaller(i));
        plainFrom = i + 1;
      }
    }
    out.append(text, plainFrom, chars.length()).append("\"");
  }

  private static String escape(char c) {
    return switch (c) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\b' -> "\\b";
      case '\f' -> "\\f";
      default -> "\\u%04x".formatted((int) c);
    };
  }
}
