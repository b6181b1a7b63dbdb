package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Values.Callable;
import io.fullbore.chat.jinja.Values.Namespace;
import io.fullbore.chat.jinja.Values.None;
import io.fullbore.chat.jinja.Values.Range;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The functions that every template finds. */
final class Globals {
  private Globals() {}

  static void define(Scope scope, Interpreter interpreter, LocalDateTime now) {
    Budget budget = interpreter.budget();
    Printer printer = interpreter.printer();
    define(scope, "range", arguments -> range(arguments));
    define(scope, "dict", arguments -> dict(arguments, interpreter));
    define(scope, "namespace", arguments -> namespace(arguments, interpreter));
    define(
        scope,
        "raise_exception",
        arguments -> {
          @Nullable Object message = arguments.bind("raise_exception", "message")[0];
          Text text = printer.str(message == null ? None.NONE : message);
          throw new JinjaException(JinjaException.Kind.REFUSED, text.chars(), 0);
        });
    define(
        scope,
        "strftime_now",
        arguments -> {
          @Nullable Object format = arguments.bind("strftime_now", "format")[0];
          return DateFormat.format(printer.str(format == null ? None.NONE : format), now, budget);
        });
    define(scope, "joiner", arguments -> joiner(arguments));
  }

  private static void define(Scope scope, String name, Callable function) {
    scope.set(name, function);
  }

  private static Range range(Arguments arguments) {
    List<Object> bounds = arguments.positional();
    if (bounds.isEmpty() || bounds.size() > 3 || !arguments.keyword().isEmpty()) {
      throw JinjaException.failed("range expects 1 to 3 arguments, got " + bounds.size());
    }
    long start = bounds.size() == 1 ? 0 : Operators.toLong(bounds.get(0));
    long stop = Operators.toLong(bounds.size() == 1 ? bounds.get(0) : bounds.get(1));
    long step = bounds.size() < 3 ? 1 : Operators.toLong(bounds.get(2));
    if (step == 0) {
      throw JinjaException.failed("range() arg 3 must not be zero");
    }
    double exact = Math.ceil(((double) stop - start) / step);
    if (exact > Budget.MAX_RANGE) {
      throw JinjaException.limit(
          "range too big: the maximum size for a range is %d".formatted(Budget.MAX_RANGE));
    }
    return new Range(start, stop, step, (int) Math.max(0, exact));
  }

  private static Map<Object, Object> dict(Arguments arguments, Interpreter interpreter) {
    var made = new LinkedHashMap<Object, Object>();
    for (Object source : arguments.positional()) {
      if (source instanceof Map<?, ?> map) {
        made.putAll(map);
        continue;
      }
      for (Object pair : interpreter.operators().iterate(source)) {
        List<Object> items = interpreter.operators().iterate(pair);
        if (items.size() != 2) {
          throw JinjaException.failed("dictionary update sequence element has not length 2");
        }
        made.put(Operators.hashable(items.get(0)), items.get(1));
      }
    }
    arguments.keyword().forEach((key, value) -> made.put(Text.ofTemplate(key), value));
    interpreter.budget().elements(made.size() * 4L);
    return made;
  }

  private static Namespace namespace(Arguments arguments, Interpreter interpreter) {
    Map<String, Object> attributes = new LinkedHashMap<>();
    dict(arguments, interpreter)
        .forEach((key, value) -> attributes.put(interpreter.printer().str(key).chars(), value));
    return new Namespace(attributes);
  }

  /** Gives nothing when first called, and the separator from then on. */
  private static Callable joiner(Arguments arguments) {
    Object given = arguments.bind("joiner", "sep")[0];
    Object separator = given == null ? Text.ofTemplate(", ") : given;
    boolean[] used = {false};
    return _ -> {
      boolean first = !used[0];
      used[0] = true;
      return first ? Text.EMPTY : separator;
    };
  }
}
