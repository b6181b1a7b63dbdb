package io.fullbore.chat.jinja;

import java.math.BigInteger;
import java.util.AbstractList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The values a template computes with: {@link Text}, {@link Long}, {@link BigInteger} (only carried
 * through), {@link Double}, {@link Boolean}, {@link List}, {@link Map}, and those below. There is
 * no Java object among them that a template could reach into.
 */
final class Values {
  private Values() {}

  /** Python's {@code None}. */
  enum None {
    NONE
  }

  /**
   * What is not there: prints as nothing, is false, empty and equal to its like; everything else
   * fails.
   *
   * @param hint says what is missing
   */
  record Undefined(String hint) {
    JinjaException error() {
      return JinjaException.failed(hint);
    }
  }

  /** Something a template can call. */
  interface Callable {
    Object call(Arguments arguments);
  }

  /** What {@code namespace()} makes; the only value that changes. */
  record Namespace(Map<String, Object> attributes) {}

  /** A tuple: a list with round brackets that equals tuples only. */
  static final class Tuple extends AbstractList<Object> {
    private final List<Object> items;

    Tuple(List<Object> items) {
      this.items = items;
    }

    static Tuple of(Object... items) {
      return new Tuple(List.of(items));
    }

    @Override
    public Object get(int index) {
      return items.get(index);
    }

    @Override
    public int size() {
      return items.size();
    }
  }

  /** Python's {@code range}: holds no elements. */
  static final class Range extends AbstractList<Object> {
    private final long start;
    private final long stop;
    private final long step;
    private final int size;

    /** {@code size} elements from {@code start}; {@code stop} is only shown. */
    Range(long start, long stop, long step, int size) {
      this.start = start;
      this.stop = stop;
      this.step = step;
      this.size = size;
    }

    long start() {
      return start;
    }

    long step() {
      return step;
    }

    long stop() {
      return stop;
    }

    @Override
    public Object get(int index) {
      return start + index * step;
    }

    @Override
    public int size() {
      return size;
    }
  }

  /** A view of a dictionary: has a length, can be iterated again and again, but not indexed. */
  record View(String type, List<Object> items) {}

  /** A generator: can be iterated once, is always true and has no length. */
  static final class Generator {
    private List<Object> items;

    Generator(List<Object> items) {
      this.items = items;
    }

    List<Object> drain() {
      List<Object> rest = items;
      items = List.of();
      return rest;
    }

    @Nullable Object next() {
      if (items.isEmpty()) {
        return null;
      }
      Object first = items.getFirst();
      items = items.subList(1, items.size());
      return first;
    }
  }

  /** Python's name of the value's type, for messages. */
  static String typeName(Object value) {
    return switch (value) {
      case Text _ -> "str";
      case Boolean _ -> "bool";
      case Long _, BigInteger _ -> "int";
      case Double _ -> "float";
      case None _ -> "NoneType";
      case Undefined _ -> "Undefined";
      case Tuple _ -> "tuple";
      case Range _ -> "range";
      case List<?> _ -> "list";
      case Map<?, ?> _ -> "dict";
      case View view -> view.type();
      case Generator _ -> "generator";
      case Namespace _ -> "Namespace";
      case LoopContext _ -> "LoopContext";
      default -> "function";
    };
  }
}
