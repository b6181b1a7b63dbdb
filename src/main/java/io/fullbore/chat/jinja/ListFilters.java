package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Values.Generator;
import io.fullbore.chat.jinja.Values.None;
import io.fullbore.chat.jinja.Values.Tuple;
import io.fullbore.chat.jinja.Values.Undefined;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Jinja's filters that go over a whole list: sort, select, map, join and the like. */
final class ListFilters {
  private final Interpreter interpreter;
  private final Filters filters;
  private final Budget budget;
  private final Operators operators;
  private final Printer printer;

  ListFilters(Interpreter interpreter, Filters filters) {
    this.interpreter = interpreter;
    this.filters = filters;
    this.budget = interpreter.budget();
    this.operators = interpreter.operators();
    this.printer = interpreter.printer();
  }

  Object apply(String name, Object value, Arguments arguments) {
    return switch (name) {
      case "list" -> copy(operators.iterate(value));
      case "join" -> join(value, arguments);
      case "reverse" -> reverse(value);
      case "map" -> map(value, arguments);
      case "select" -> select(value, arguments, false, true);
      case "reject" -> select(value, arguments, false, false);
      case "selectattr" -> select(value, arguments, true, true);
      case "rejectattr" -> select(value, arguments, true, false);
      case "sort" -> sort(value, arguments);
      case "dictsort" -> dictSort(value, arguments);
      case "unique" -> unique(value, arguments);
      case "min", "max" -> extreme(name, value, arguments);
      case "sum" -> sum(value, arguments);
      case "batch", "slice" -> group(name, value, arguments);
      default -> throw JinjaException.failed("no filter named '%s'".formatted(name));
    };
  }

  private Text text(@Nullable Object value) {
    return printer.str(value == null ? None.NONE : value);
  }

  private List<Object> copy(List<Object> items) {
    budget.elements(items.size());
    return new ArrayList<>(items);
  }

  private Text join(Object value, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind("join", "d", "attribute");
    Text separator = slots[0] == null ? Text.EMPTY : text(slots[0]);
    Function<Object, Object> key = attributeOf(slots[1]);
    var out = new Text.Builder(budget);
    boolean first = true;
    for (Object item : operators.iterate(value)) {
      if (!first) {
        out.append(separator);
      }
      first = false;
      out.append(printer.str(key.apply(item)));
    }
    return out.build();
  }

  private Object reverse(Object value) {
    if (value instanceof Text text) {
      return Slicing.slice(text, null, null, -1L, budget);
    }
    return new Generator(copy(operators.iterate(value)).reversed());
  }

  /** Follows {@code a.b.0} into an element; the element itself where nothing is given. */
  private Function<Object, Object> attributeOf(@Nullable Object path) {
    if (path == null || path instanceof None) {
      return item -> item;
    }
    if (path instanceof Long index) {
      return item -> interpreter.item(item, index);
    }
    String[] names = text(path).chars().split("\\.");
    return item -> {
      Object found = item;
      for (String name : names) {
        boolean index =
            !name.isEmpty()
                && name.length() < 10
                && name.chars().allMatch(c -> c >= '0' && c <= '9');
        found =
            index
                ? interpreter.item(found, Long.valueOf(name))
                : interpreter.item(found, Text.ofTemplate(name));
      }
      return found;
    };
  }

  /** The lazy filters take anything that is false, such as None, for an empty list. */
  private List<Object> iterateIfTrue(Object value) {
    return Operators.truth(value) ? operators.iterate(value) : List.of();
  }

  private Generator map(Object value, Arguments arguments) {
    Function<Object, Object> change;
    Object attribute = arguments.keyword().get("attribute");
    if (arguments.positional().isEmpty() && attribute != null) {
      Function<Object, Object> key = attributeOf(attribute);
      Object fallback = arguments.keyword().get("default");
      change =
          item -> {
            Object found = key.apply(item);
            return found instanceof Undefined && fallback != null ? fallback : found;
          };
    } else if (!arguments.positional().isEmpty()) {
      String filter = text(arguments.positional().getFirst()).chars();
      Arguments rest = arguments.skip(1);
      change = item -> filters.apply(filter, item, rest);
    } else {
      throw JinjaException.failed("map requires a filter argument");
    }
    List<Object> mapped = new ArrayList<>();
    for (Object item : iterateIfTrue(value)) {
      budget.elements(1);
      mapped.add(change.apply(item));
    }
    return new Generator(mapped);
  }

  private Generator select(Object value, Arguments arguments, boolean byAttribute, boolean wanted) {
    int used = byAttribute ? 1 : 0;
    if (arguments.positional().size() < used) {
      throw JinjaException.failed("Missing parameter for attribute name");
    }
    Function<Object, Object> key =
        attributeOf(byAttribute ? arguments.positional().getFirst() : null);
    Predicate<Object> matches = Operators::truth;
    if (arguments.positional().size() > used) {
      String test = text(arguments.positional().get(used)).chars();
      Arguments rest = arguments.skip(used + 1);
      matches = item -> interpreter.tests().test(test, item, rest);
    }
    List<Object> selected = new ArrayList<>();
    for (Object item : iterateIfTrue(value)) {
      budget.elements(1);
      if (matches.test(key.apply(item)) == wanted) {
        selected.add(item);
      }
    }
    return new Generator(selected);
  }

  private static boolean flag(@Nullable Object value) {
    return value != null && Operators.truth(value);
  }

  private List<Object> sort(Object value, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind("sort", "reverse", "case_sensitive", "attribute");
    Function<Object, Object> key = attributeOf(slots[2]);
    Comparator<Object> order = filters.order(flag(slots[1]));
    List<Object> sorted = copy(operators.iterate(value));
    Comparator<Object> byKey = (a, b) -> order.compare(key.apply(a), key.apply(b));
    sorted.sort(flag(slots[0]) ? byKey.reversed() : byKey);
    return sorted;
  }

  private List<Object> dictSort(Object value, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind("dictsort", "case_sensitive", "by", "reverse");
    if (!(value instanceof Map<?, ?> map)) {
      throw JinjaException.failed("dictsort needs a mapping");
    }
    int position = slots[1] != null && text(slots[1]).chars().equals("value") ? 1 : 0;
    Comparator<Object> order = filters.order(flag(slots[0]));
    Comparator<Object> byKey =
        (a, b) -> order.compare(((Tuple) a).get(position), ((Tuple) b).get(position));
    List<Object> sorted = filters.pairs(map);
    sorted.sort(flag(slots[2]) ? byKey.reversed() : byKey);
    return sorted;
  }

  private Generator unique(Object value, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind("unique", "case_sensitive", "attribute");
    Function<Object, Object> key = attributeOf(slots[1]);
    List<Object> seen = new ArrayList<>();
    List<Object> kept = new ArrayList<>();
    for (Object item : operators.iterate(value)) {
      Object wanted = filters.caseKey(key.apply(item), flag(slots[0]));
      if (!operators.contains(seen, wanted)) {
        budget.elements(2);
        seen.add(wanted);
        kept.add(item);
      }
    }
    return new Generator(kept);
  }

  private Object extreme(String name, Object value, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind(name, "case_sensitive", "attribute");
    Function<Object, Object> key = attributeOf(slots[1]);
    Comparator<Object> order = filters.order(flag(slots[0]));
    Object best = null;
    for (Object item : operators.iterate(value)) {
      int difference = best == null ? 0 : order.compare(key.apply(item), key.apply(best));
      if (best == null || (name.equals("min") ? difference < 0 : difference > 0)) {
        best = item;
      }
    }
    return best == null ? new Undefined("No aggregated item, sequence was empty.") : best;
  }

  private Object sum(Object value, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind("sum", "attribute", "start");
    Function<Object, Object> key = attributeOf(slots[0]);
    Object total = slots[1] == null ? (Object) 0L : slots[1];
    for (Object item : operators.iterate(value)) {
      total = operators.binary("+", total, key.apply(item));
    }
    return total;
  }

  /** {@code batch(n)}: rows of n elements; {@code slice(n)}: n columns. */
  private Generator group(String name, Object value, Arguments arguments) {
    @Nullable Object[] slots = arguments.bind(name, "count", "fill_with");
    List<Object> items = operators.iterate(value);
    int count = Math.clamp(Operators.toLong(slots[0] == null ? 0L : slots[0]), 0, 100_000);
    if (count == 0) {
      throw JinjaException.failed("%s needs a positive count".formatted(name));
    }
    boolean rows = name.equals("batch");
    int groups = rows ? (items.size() + count - 1) / count : count;
    int longer = rows ? groups : items.size() % count;
    int size = rows ? count : items.size() / count;
    budget.elements((long) groups * 8 + items.size());
    List<Object> grouped = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < groups; i++) {
      int to = Math.min(items.size(), from + size + (!rows && i < longer ? 1 : 0));
      List<Object> group = new ArrayList<>(items.subList(from, to));
      boolean shorter = rows ? group.size() < count : longer > 0 && i >= longer;
      while (shorter && slots[1] != null && group.size() < (rows ? count : size + 1)) {
        budget.elements(1);
        group.add(slots[1]);
      }
      grouped.add(group);
      from = to;
    }
    return new Generator(grouped);
  }
}
