package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Values.Callable;
import io.fullbore.chat.jinja.Values.Undefined;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The {@code loop} variable inside of a {@code for}. */
final class LoopContext implements Callable {
  private final List<Object> items;
  private final int depth;
  private final @Nullable Callable recursion;
  private final Operators operators;
  private int index;
  private @Nullable Object lastChanged;

  /**
   * @param depth how many loops enclose this one through recursion
   * @param recursion what {@code loop(items)} does, null where the loop is not recursive
   */
  LoopContext(List<Object> items, int depth, @Nullable Callable recursion, Operators operators) {
    this.items = items;
    this.depth = depth;
    this.recursion = recursion;
    this.operators = operators;
  }

  int depth() {
    return depth;
  }

  void moveTo(int position) {
    index = position;
  }

  Object attribute(String name) {
    return switch (name) {
      case "index" -> index + 1L;
      case "index0" -> (long) index;
      case "revindex" -> (long) items.size() - index;
      case "revindex0" -> items.size() - index - 1L;
      case "first" -> index == 0;
      case "last" -> index == items.size() - 1;
      case "length" -> (long) items.size();
      case "depth" -> depth + 1L;
      case "depth0" -> (long) depth;
      case "previtem" ->
          index == 0 ? new Undefined("there is no previous item") : items.get(index - 1);
      case "nextitem" ->
          index == items.size() - 1 ? new Undefined("there is no next item") : items.get(index + 1);
      case "cycle" -> (Callable) this::cycle;
      case "changed" -> (Callable) this::changed;
      default -> new Undefined("'loop' has no attribute '%s'".formatted(name));
    };
  }

  private Object cycle(Arguments arguments) {
    if (arguments.positional().isEmpty()) {
      throw JinjaException.failed("no items for cycling given");
    }
    return arguments.positional().get(index % arguments.positional().size());
  }

  private Object changed(Arguments arguments) {
    Object previous = lastChanged;
    lastChanged = new Values.Tuple(arguments.positional());
    return previous == null || !operators.equal(previous, lastChanged);
  }

  @Override
  public Object call(Arguments arguments) {
    if (recursion == null) {
      throw JinjaException.failed("the loop must have the 'recursive' marker to be called");
    }
    return recursion.call(arguments);
  }
}
