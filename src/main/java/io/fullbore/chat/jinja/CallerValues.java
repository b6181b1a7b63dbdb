package io.fullbore.chat.jinja;

import io.fullbore.chat.jinja.Values.None;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes a template's values out of plain Java ones, their strings marked as the caller's. */
final class CallerValues {
  private static final int MAX_DEPTH = 100;

  private long chars;

  /** Characters and elements converted so far: how much the caller sent. */
  long chars() {
    return chars;
  }

  /**
   * @param value null, a string, a number, a boolean, or a list or string-keyed map of such
   * @throws JinjaException of kind {@code LIMIT} where it is nested too deeply
   */
  Object convert(@Nullable Object value) {
    return convert(value, MAX_DEPTH);
  }

  private Object convert(@Nullable Object value, int depth) {
    if (depth == 0) {
      throw JinjaException.limit(
          "a value in the request is nested deeper than depth=%d".formatted(MAX_DEPTH));
    }
    chars++;
    return switch (value) {
      case null -> None.NONE;
      case Text text -> text;
      case CharSequence text -> {
        chars += text.length();
        yield Text.ofCaller(text.toString());
      }
      case Boolean flag -> flag;
      case BigInteger big when big.bitLength() > 63 -> big;
      case Double number -> number;
      case Float number -> number.doubleValue();
      case BigDecimal number -> number.doubleValue();
      case Number number -> number.longValue();
      case Map<?, ?> map -> {
        var copy = new LinkedHashMap<Object, Object>();
        map.forEach(
            (key, item) -> copy.put(convert(String.valueOf(key)), convert(item, depth - 1)));
        yield Collections.unmodifiableMap(copy);
      }
      case Iterable<?> items -> {
        var copy = new ArrayList<Object>();
        items.forEach(item -> copy.add(convert(item, depth - 1)));
        yield Collections.unmodifiableList(copy);
      }
      default ->
          throw new IllegalArgumentException(
              "a value of %s cannot be given to a template".formatted(value.getClass()));
    };
  }
}
