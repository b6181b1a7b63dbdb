package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Values.None;
import io.fullbore.chat.jinja.Values.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** The methods of Python's {@code str}; a name that is not listed here does not exist. */
final class TextMethods {
  private final Budget budget;
  private final Operators operators;
  private final Printer printer;

  TextMethods(Budget budget, Operators operators, Printer printer) {
    this.budget = budget;
    this.operators = operators;
    this.printer = printer;
  }

  /** The method bound to the text, or null where there is none of that name. */
  Values.@Nullable Callable method(Text text, String name) {
    return switch (name) {
      case "strip" -> arguments -> strip(text, charsOf(name, arguments), true, true);
      case "lstrip" -> arguments -> strip(text, charsOf(name, arguments), true, false);
      case "rstrip" -> arguments -> strip(text, charsOf(name, arguments), false, true);
      case "split" -> arguments -> split(text, arguments, false);
      case "rsplit" -> arguments -> split(text, arguments, true);
      case "splitlines" -> arguments -> splitLines(text, arguments);
      case "partition" -> arguments -> partition(text, arguments, false);
      case "rpartition" -> arguments -> partition(text, arguments, true);
      case "startswith" -> arguments -> affixed(text, arguments, true);
      case "endswith" -> arguments -> affixed(text, arguments, false);
      case "removeprefix" -> arguments -> withoutAffix(text, arguments, true);
      case "removesuffix" -> arguments -> withoutAffix(text, arguments, false);
      case "replace" ->
          arguments -> {
            @Nullable Object[] slots = arguments.bind(name, "old", "new", "count");
            long count = slots[2] == null ? -1 : Operators.toLong(slots[2]);
            return replace(text, text(slots[0]), text(slots[1]), count);
          };
      case "find" -> arguments -> find(text, arguments, false);
      case "rfind" -> arguments -> find(text, arguments, true);
      case "index" -> arguments -> required(find(text, arguments, false));
      case "rindex" -> arguments -> required(find(text, arguments, true));
      case "count" -> arguments -> count(text, text(arguments.bind(name, "sub")[0]));
      case "join" -> arguments -> join(text, arguments.bind(name, "iterable")[0]);
      case "format" -> arguments -> Formats.braces(text, arguments, budget, printer);
      case "upper", "lower", "casefold", "title", "capitalize", "swapcase" ->
          arguments -> {
            arguments.bind(name);
            return changeCase(text, name);
          };
      case "center", "ljust", "rjust", "zfill" -> arguments -> pad(text, name, arguments);
      default -> predicate(text, name);
    };
  }

  private Values.@Nullable Callable predicate(Text text, String name) {
    IntPredicate all =
        switch (name) {
          case "isdigit", "isdecimal", "isnumeric" -> Character::isDigit;
          case "isalpha" -> Character::isLetter;
          case "isalnum" -> Character::isLetterOrDigit;
          case "isspace" -> Characters::isSpace;
          case "isascii" -> c -> c < 128;
          case "isprintable" -> Characters::isPrintable;
          case "islower" -> c -> !Character.isUpperCase(c) && !Character.isTitleCase(c);
          case "isupper" -> c -> !Character.isLowerCase(c) && !Character.isTitleCase(c);
          default -> c -> false;
        };
    return switch (name) {
      case "islower", "isupper" ->
          _ -> {
            budget.scan(text.length());
            return text.chars().codePoints().allMatch(all)
                && text.chars().codePoints().anyMatch(Characters::isCased);
          };
      case "isascii", "isprintable" ->
          _ -> {
            budget.scan(text.length());
            return text.chars().codePoints().allMatch(all);
          };
      case "isdigit", "isdecimal", "isnumeric", "isalpha", "isalnum", "isspace" ->
          _ -> {
            budget.scan(text.length());
            return !text.isEmpty() && text.chars().codePoints().allMatch(all);
          };
      default -> null;
    };
  }

  private static Text text(@Nullable Object argument) {
    if (argument instanceof Text text) {
      return text;
    }
    throw JinjaException.failed(
        "a str argument is needed, not %s"
            .formatted(argument == null ? "nothing" : Values.typeName(argument)));
  }

  private static @Nullable Text charsOf(String method, Arguments arguments) {
    Object chars = arguments.bind(method, "chars")[0];
    return chars == null || chars instanceof None ? null : text(chars);
  }

  /** Without these characters, or without white space, at the ends. */
  Text strip(Text text, @Nullable Text chars, boolean left, boolean right) {
    budget.scan(text.length());
    String source = text.chars();
    IntPredicate goes = chars == null ? Characters::isSpace : c -> chars.chars().indexOf(c) >= 0;
    int from = 0;
    int to = source.length();
    while (left && from < to && goes.test(source.codePointAt(from))) {
      from += Character.charCount(source.codePointAt(from));
    }
    while (right && from < to && goes.test(source.codePointBefore(to))) {
      to -= Character.charCount(source.codePointBefore(to));
    }
    return part(text, from, to);
  }

  private Text part(Text text, int from, int to) {
    budget.text(to - from);
    return text.substring(from, to);
  }

  private List<Object> split(Text text, Arguments arguments, boolean fromRight) {
    @Nullable Object[] slots = arguments.bind("split", "sep", "maxsplit");
    long most = slots[1] == null ? -1 : Operators.toLong(slots[1]);
    List<Object> parts =
        slots[0] == null || slots[0] instanceof None
            ? splitSpace(text, most, fromRight)
            : splitAt(text, text(slots[0]), most, fromRight);
    return fromRight ? parts.reversed() : parts;
  }

  private List<Object> splitAt(Text text, Text separator, long most, boolean fromRight) {
    if (separator.isEmpty()) {
      throw JinjaException.failed("empty separator");
    }
    budget.search(text.length(), separator.length());
    String source = text.chars();
    List<Object> parts = new ArrayList<>();
    int from = 0;
    int to = source.length();
    while (most < 0 || parts.size() < most) {
      int at =
          fromRight
              ? source.lastIndexOf(separator.chars(), to - separator.length())
              : source.indexOf(separator.chars(), from);
      if (at < 0 || (fromRight && to < separator.length())) {
        break;
      }
      budget.elements(4);
      parts.add(fromRight ? part(text, at + separator.length(), to) : part(text, from, at));
      to = fromRight ? at : to;
      from = fromRight ? from : at + separator.length();
    }
    parts.add(part(text, from, to));
    return parts;
  }

  private List<Object> splitSpace(Text text, long most, boolean fromRight) {
    budget.scan(text.length());
    List<Object> parts = new ArrayList<>();
    int from = Characters.skipSpace(text.chars(), 0);
    int to = Characters.trimSpace(text.chars(), from);
    while (from < to) {
      budget.elements(4);
      int at = fromRight ? to : from;
      boolean last = most >= 0 && parts.size() >= most;
      if (last) {
        parts.add(fromRight ? part(text, 0, to) : part(text, from, text.length()));
        break;
      }
      if (fromRight) {
        while (at > from && !Characters.isSpace(text.chars().charAt(at - 1))) {
          at--;
        }
        parts.add(part(text, at, to));
        to = at;
        while (to > from && Characters.isSpace(text.chars().charAt(to - 1))) {
          to--;
        }
      } else {
        while (at < to && !Characters.isSpace(text.chars().charAt(at))) {
          at++;
        }
        parts.add(part(text, from, at));
        from = Characters.skipSpace(text.chars(), at);
      }
    }
    return parts;
  }

  private List<Object> splitLines(Text text, Arguments arguments) {
    Object keep = arguments.bind("splitlines", "keepends")[0];
    boolean keepEnds = keep != null && Operators.truth(keep);
    budget.scan(text.length());
    List<Object> lines = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.chars().charAt(i);
      if ("\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029".indexOf(c) < 0) {
        continue;
      }
      int end = i;
      if (c == '\r' && i + 1 < text.length() && text.chars().charAt(i + 1) == '\n') {
        i++;
      }
      budget.elements(4);
      lines.add(part(text, from, keepEnds ? i + 1 : end));
      from = i + 1;
    }
    if (from < text.length()) {
      lines.add(part(text, from, text.length()));
    }
    return lines;
  }

  private Tuple partition(Text text, Arguments arguments, boolean last) {
    Text separator = text(arguments.bind("partition", "sep")[0]);
    budget.search(text.length(), separator.length());
    int at =
        last
            ? text.chars().lastIndexOf(separator.chars())
            : text.chars().indexOf(separator.chars());
    if (at < 0) {
      return last ? Tuple.of(Text.EMPTY, Text.EMPTY, text) : Tuple.of(text, Text.EMPTY, Text.EMPTY);
    }
    int end = at + separator.length();
    return Tuple.of(part(text, 0, at), separator, part(text, end, text.length()));
  }

  private boolean affixed(Text text, Arguments arguments, boolean prefix) {
    Object affixes = arguments.bind(prefix ? "startswith" : "endswith", "affix")[0];
    List<?> candidates = affixes instanceof Tuple tuple ? tuple : List.of(text(affixes));
    boolean found = false;
    for (Object candidate : candidates) {
      String affix = text(candidate).chars();
      budget.scan(affix.length());
      found |= prefix ? text.chars().startsWith(affix) : text.chars().endsWith(affix);
    }
    return found;
  }

  private Text withoutAffix(Text text, Arguments arguments, boolean prefix) {
    if (!affixed(text, arguments, prefix)) {
      return text;
    }
    int length = text(arguments.positional().getFirst()).length();
    return prefix ? part(text, length, text.length()) : part(text, 0, text.length() - length);
  }

  /** Replaces up to {@code most} occurrences, all where it is negative. */
  Text replace(Text text, Text old, Text replacement, long most) {
    budget.search(text.length(), old.length());
    var out = new Text.Builder(budget);
    int from = 0;
    int searchFrom = 0;
    for (long done = 0; most < 0 || done < most; done++) {
      int at = searchFrom > text.length() ? -1 : text.chars().indexOf(old.chars(), searchFrom);
      if (at < 0) {
        break;
      }
      out.append(text, from, at).append(replacement);
      from = at + old.length();
      searchFrom = old.isEmpty() ? from + 1 : from;
    }
    return out.append(text, from, text.length()).build();
  }

  private Long find(Text text, Arguments arguments, boolean last) {
    Text part = text(arguments.bind("find", "sub")[0]);
    budget.search(text.length(), part.length());
    int at = last ? text.chars().lastIndexOf(part.chars()) : text.chars().indexOf(part.chars());
    return at < 0 ? -1L : (long) text.chars().codePointCount(0, at);
  }

  private static Long required(Long found) {
    if (found < 0) {
      throw JinjaException.failed("substring not found");
    }
    return found;
  }

  private Long count(Text text, Text part) {
    budget.search(text.length(), part.length());
    if (part.isEmpty()) {
      return operators.length(text) + 1;
    }
    long count = 0;
    for (int at = text.chars().indexOf(part.chars()); at >= 0; count++) {
      at = text.chars().indexOf(part.chars(), at + part.length());
    }
    return count;
  }

  private Text join(Text separator, @Nullable Object items) {
    var out = new Text.Builder(budget);
    boolean first = true;
    for (Object item : operators.iterate(items == null ? None.NONE : items)) {
      if (!(item instanceof Text text)) {
        throw JinjaException.failed(
            "sequence item: expected str instance, %s found".formatted(Values.typeName(item)));
      }
      if (!first) {
        out.append(separator);
      }
      first = false;
      out.append(text);
    }
    return out.build();
  }

  /** By the name of Python's method. */
  Text changeCase(Text text, String method) {
    budget.text(text.length());
    String chars = text.chars();
    return switch (method) {
      case "upper" -> text.withChars(chars.toUpperCase(Locale.ROOT));
      case "lower", "casefold" -> text.withChars(chars.toLowerCase(Locale.ROOT));
      case "capitalize" ->
          chars.isEmpty()
              ? text
              : text.withChars(
                  titleCase(chars.codePointAt(0))
                      + chars.substring(chars.offsetByCodePoints(0, 1)).toLowerCase(Locale.ROOT));
      default -> {
        var out = new StringBuilder(chars.length());
        boolean inWord = false;
        for (int i = 0; i < chars.length(); i += Character.charCount(chars.codePointAt(i))) {
          int c = chars.codePointAt(i);
          if (method.equals("title")) {
            out.append(inWord ? Character.toString(Character.toLowerCase(c)) : titleCase(c));
          } else {
            String one = Character.toString(c);
            out.append(
                Character.isUpperCase(c)
                    ? one.toLowerCase(Locale.ROOT)
                    : one.toUpperCase(Locale.ROOT));
          }
          inWord = Characters.isCased(c);
        }
        yield text.withChars(out.toString());
      }
    };
  }

  private static String titleCase(int c) {
    return Character.toString(Character.toTitleCase(c));
  }

  /** Filled up to a width, by the name of Python's method. */
  Text pad(Text text, String method, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind(method, "width", "fillchar");
    long width = slots[0] == null ? 80 : Operators.toLong(slots[0]);
    Text fill = slots[1] == null ? Text.ofTemplate(" ") : text(slots[1]);
    long missing = Math.max(0, width - operators.length(text));
    budget.text(missing + text.length());
    if (method.equals("zfill")) {
      boolean signed = text.chars().startsWith("-") || text.chars().startsWith("+");
      int digits = signed ? 1 : 0;
      return new Text.Builder(budget)
          .append(text, 0, digits)
          .append("0".repeat((int) missing))
          .append(text, digits, text.length())
          .build();
    }
    long before =
        switch (method) {
          case "ljust" -> 0;
          case "rjust" -> missing;
          default -> missing / 2 + (missing & width & 1);
        };
    var out = new Text.Builder(budget);
    for (long i = 0; i < before; i++) {
      out.append(fill);
    }
    out.append(text);
    for (long i = before; i < missing; i++) {
      out.append(fill);
    }
    return out.build();
  }
}
