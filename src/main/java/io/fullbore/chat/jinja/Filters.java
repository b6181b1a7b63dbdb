package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Values.Generator;
import io.fullbore.chat.jinja.Values.None;
import io.fullbore.chat.jinja.Values.Tuple;
import io.fullbore.chat.jinja.Values.Undefined;
import io.fullbore.chat.jinja.Values.View;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Jinja's filters, the words behind {@code |}. Those over whole lists are {@link ListFilters}. */
final class Filters {
  static final Set<String> NAMES =
      Set.of(
          "abs",
          "batch",
          "capitalize",
          "center",
          "count",
          "d",
          "default",
          "dictsort",
          "e",
          "escape",
          "first",
          "float",
          "format",
          "indent",
          "int",
          "items",
          "join",
          "last",
          "length",
          "list",
          "lower",
          "map",
          "max",
          "min",
          "reject",
          "rejectattr",
          "replace",
          "reverse",
          "round",
          "safe",
          "select",
          "selectattr",
          "slice",
          "sort",
          "string",
          "sum",
          "title",
          "tojson",
          "trim",
          "unique",
          "upper",
          "wordcount");

  private static final int MAX_NUMBER_CHARS = 400;
  private static final Pattern DECIMAL =
      Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");

  private final Budget budget;
  private final Operators operators;
  private final Printer printer;
  private final TextMethods texts;
  private final ListFilters lists;

  Filters(Interpreter interpreter) {
    this.budget = interpreter.budget();
    this.operators = interpreter.operators();
    this.printer = interpreter.printer();
    this.texts = interpreter.texts();
    this.lists = new ListFilters(interpreter, this);
  }

  Object apply(String name, Object value, Arguments arguments) {
    return switch (name) {
      case "default", "d" -> defaultValue(value, arguments);
      case "length", "count" -> operators.length(value);
      case "tojson" -> JsonWriter.write(value, arguments, budget);
      case "string" -> printer.str(value);
      case "safe" -> text(value).asMarkup();
      case "trim" -> {
        Object chars = arguments.bind(name, "chars")[0];
        Text set = chars == null || chars instanceof None ? null : text(chars);
        yield texts.strip(text(value), set, true, true);
      }
      case "upper", "lower", "capitalize" -> texts.changeCase(text(value), name);
      case "title" -> title(text(value));
      case "center" -> texts.pad(text(value), name, arguments);
      case "replace" -> replace(value, arguments);
      case "format" ->
          Formats.percent(
              text(value),
              arguments.keyword().isEmpty()
                  ? new Tuple(arguments.positional())
                  : keyed(arguments.keyword()),
              budget,
              printer);
      case "indent" -> indent(text(value), arguments);
      case "e", "escape" -> text(value).escaped(budget);
      case "wordcount" -> wordCount(text(value));
      case "int" -> toInteger(value, arguments);
      case "float" -> toFloat(value, arguments);
      case "abs" -> Operators.toDouble(value) < 0 ? operators.negate(value) : value;
      case "round" -> round(value, arguments);
      case "items" -> items(value);
      case "first" -> first(value);
      case "last" -> last(value);
      default -> lists.apply(name, value, arguments);
    };
  }

  private Text text(Object value) {
    return printer.str(value);
  }

  private static Map<Object, Object> keyed(Map<String, Object> keyword) {
    var map = new java.util.LinkedHashMap<Object, Object>();
    keyword.forEach((key, value) -> map.put(Text.ofTemplate(key), value));
    return map;
  }

  private static Object defaultValue(Object value, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind("default", "default_value", "boolean");
    boolean orFalse = slots[1] != null && Operators.truth(slots[1]);
    if (value instanceof Undefined || (orFalse && !Operators.truth(value))) {
      return slots[0] == null ? Text.EMPTY : slots[0];
    }
    return value;
  }

  /** Each word begins with a capital; words end at blanks, hyphens and opening brackets. */
  private Text title(Text text) {
    budget.text(text.length());
    var out = new StringBuilder(text.length());
    boolean inWord = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.chars().charAt(i);
      out.append(inWord ? Character.toLowerCase(c) : Character.toUpperCase(c));
      inWord = "-({[<".indexOf(c) < 0 && !Characters.isSpace(c);
    }
    return text.withChars(out.toString());
  }

  private Text replace(Object value, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind("replace", "old", "new", "count");
    if (slots[0] == null || slots[1] == null) {
      throw JinjaException.failed("replace needs 'old' and 'new'");
    }
    long most = slots[2] == null || slots[2] instanceof None ? -1 : Operators.toLong(slots[2]);
    return texts.replace(text(value), text(slots[0]), text(slots[1]), most);
  }

  private Text indent(Text text, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind("indent", "width", "first", "blank");
    Text margin;
    if (slots[0] instanceof Text given) {
      margin = given;
    } else {
      long width = slots[0] == null ? 4 : Math.max(0, Operators.toLong(slots[0]));
      budget.text(width);
      margin = Text.ofTemplate(" ".repeat((int) width));
    }
    boolean first = slots[1] != null && Operators.truth(slots[1]);
    boolean blank = slots[2] != null && Operators.truth(slots[2]);
    var out = new Text.Builder(budget);
    int from = 0;
    boolean isFirst = true;
    while (from <= text.length()) {
      int newline = text.chars().indexOf('\n', from);
      int end = newline < 0 ? text.length() : newline;
      if (isFirst ? first : blank || end > from) {
        out.append(margin);
      }
      out.append(text, from, newline < 0 ? end : end + 1);
      from = end + 1;
      isFirst = false;
    }
    return out.build();
  }

  private Long wordCount(Text text) {
    budget.scan(text.length());
    long words = 0;
    boolean inWord = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.chars().charAt(i);
      boolean wordChar = Character.isLetterOrDigit(c) || c == '_';
      words += wordChar && !inWord ? 1 : 0;
      inWord = wordChar;
    }
    return words;
  }

  private Object toInteger(Object value, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind("int", "default", "base");
    Object fallback = slots[0] == null ? (Object) 0L : slots[0];
    int base = slots[1] == null ? 10 : Math.clamp(Operators.toLong(slots[1]), 2, 36);
    return switch (value) {
      case Long number -> number;
      case Boolean flag -> flag ? 1L : 0L;
      case Double number -> Double.isFinite(number) ? (Object) number.longValue() : fallback;
      case Text text -> {
        budget.scan(text.length());
        String digits = text.chars().strip().replace("_", "");
        try {
          yield Long.parseLong(digits, base);
        } catch (NumberFormatException e) {
          yield toFloat(text, Arguments.of(None.NONE)) instanceof Double number
              ? (Object) number.longValue()
              : fallback;
        }
      }
      default -> fallback;
    };
  }

  private static Object toFloat(Object value, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind("float", "default");
    Object fallback = slots[0] == null ? (Object) 0.0 : slots[0];
    if (Operators.isNumber(value)) {
      return Operators.toDouble(value);
    }
    String digits = value instanceof Text text ? text.chars().strip() : "";
    if (digits.length() > MAX_NUMBER_CHARS || !DECIMAL.matcher(digits).matches()) {
      return fallback;
    }
    return Double.valueOf(digits);
  }

  private static Object round(Object value, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind("round", "precision", "method");
    int precision = slots[0] == null ? 0 : Math.clamp(Operators.toLong(slots[0]), -300, 300);
    java.math.RoundingMode mode =
        switch (slots[1]) {
          case Text text when text.chars().equals("ceil") -> java.math.RoundingMode.CEILING;
          case Text text when text.chars().equals("floor") -> java.math.RoundingMode.FLOOR;
          case null, default -> java.math.RoundingMode.HALF_EVEN;
        };
    if (value instanceof Long && slots[1] == null && precision >= 0) {
      return value;
    }
    double number = Operators.toDouble(value);
    return Double.isFinite(number)
        ? (Object) new java.math.BigDecimal(number).setScale(precision, mode).doubleValue()
        : (Object) number;
  }

  /** Pairs of a map, as the filter {@code items} and the method of that name give them. */
  List<Object> pairs(Map<?, ?> map) {
    budget.elements(map.size() * 4L);
    List<Object> pairs = new ArrayList<>(map.size());
    map.forEach((key, value) -> pairs.add(Tuple.of(key, value)));
    return pairs;
  }

  private Object items(Object value) {
    return switch (value) {
      case Undefined _ -> new Generator(List.of());
      case Map<?, ?> map -> new Generator(pairs(map));
      default -> throw JinjaException.failed("Can only get item pairs from a mapping.");
    };
  }

  private Object first(Object value) {
    Object first;
    if (value instanceof Generator generator) {
      first = generator.next();
    } else if (value instanceof Text text) {
      first = Slicing.element(text, 0, budget);
    } else {
      List<Object> items = operators.iterate(value);
      first = items.isEmpty() ? null : items.getFirst();
    }
    return first == null ? new Undefined("No first item, sequence was empty.") : first;
  }

  private Object last(Object value) {
    if (value instanceof Generator) {
      throw JinjaException.failed("'generator' object is not reversible");
    }
    Object last;
    if (value instanceof Text text) {
      last = Slicing.element(text, -1, budget);
    } else {
      List<Object> items = operators.iterate(value);
      last = items.isEmpty() ? null : items.getLast();
    }
    return last == null ? new Undefined("No last item, sequence was empty.") : last;
  }

  /** Methods of lists and maps, null where there is none of that name. */
  Values.@Nullable Callable method(Object container, String name) {
    return switch (container) {
      case Map<?, ?> map -> mapMethod(map, name);
      case List<?> list -> listMethod(list, name);
      default -> null;
    };
  }

  private Values.@Nullable Callable mapMethod(Map<?, ?> map, String name) {
    return switch (name) {
      case "items" -> _ -> new View("dict_items", pairs(map));
      case "keys" -> _ -> new View("dict_keys", operators.iterate(map));
      case "values" ->
          _ -> {
            budget.elements(map.size());
            return new View("dict_values", new ArrayList<>(map.values()));
          };
      case "get" ->
          arguments -> {
            @Nullable Object[] slots = arguments.bind(name, "key", "default");
            if (slots[0] == null) {
              throw JinjaException.failed("get expected at least 1 argument, got 0");
            }
            Object found = map.get(Operators.hashable(slots[0]));
            Object fallback = slots[1] == null ? None.NONE : slots[1];
            return found == null ? fallback : found;
          };
      case "copy" -> _ -> map;
      case "clear", "pop", "popitem", "setdefault", "update" -> throw unsafe(name, "dict");
      default -> null;
    };
  }

  private Values.@Nullable Callable listMethod(List<?> list, String name) {
    return switch (name) {
      case "index" ->
          arguments -> {
            Object wanted = arguments.bind(name, "value")[0];
            for (int i = 0; i < list.size() && wanted != null; i++) {
              if (operators.equal(list.get(i), wanted)) {
                return (long) i;
              }
            }
            throw JinjaException.failed("value is not in list");
          };
      case "count" ->
          arguments -> {
            Object wanted = arguments.bind(name, "value")[0];
            long count = 0;
            for (Object item : list) {
              count += wanted != null && operators.equal(item, wanted) ? 1 : 0;
            }
            return count;
          };
      case "copy" -> _ -> list;
      case "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort" ->
          throw unsafe(name, "list");
      default -> null;
    };
  }

  private static JinjaException unsafe(String method, String type) {
    return JinjaException.failed(
        "access to attribute '%s' of '%s' object is unsafe: values cannot be changed"
            .formatted(method, type));
  }

  /** Order of two values for sorting, ignoring case of texts unless asked to heed it. */
  Comparator<Object> order(boolean caseSensitive) {
    return (left, right) ->
        operators.order("<", caseKey(left, caseSensitive), caseKey(right, caseSensitive));
  }

  Object caseKey(Object value, boolean caseSensitive) {
    return value instanceof Text text && !caseSensitive ? texts.changeCase(text, "lower") : value;
  }
}
