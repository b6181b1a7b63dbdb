package io.fullbore.chat.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Evaluated arguments of a call. */
record Arguments(List<Object> positional, Map<String, Object> keyword) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  static Arguments of(Object... positional) {
    return new Arguments(List.of(positional), Map.of());
  }

  /**
   * Matches these arguments with parameters.
   *
   * @return one slot per parameter, null where nothing was given
   */
  @Nullable Object[] bind(String function, String... parameters) {
    if (positional.size() > parameters.length) {
      throw JinjaException.failed(
          "%s() takes at most %d arguments, %d given"
              .formatted(function, parameters.length, positional.size()));
    }
    @Nullable Object[] slots = new @Nullable Object[parameters.length];
    for (int i = 0; i < positional.size(); i++) {
      slots[i] = positional.get(i);
    }
    keyword.forEach(
        (name, value) -> {
          int slot = List.of(parameters).indexOf(name);
          if (slot < 0 || slots[slot] != null) {
            throw JinjaException.failed(
                "%s() got an unexpected keyword argument '%s'".formatted(function, name));
          }
          slots[slot] = value;
        });
    return slots;
  }

  /** The arguments without the first {@code count} positional ones. */
  Arguments skip(int count) {
    return new Arguments(positional.subList(count, positional.size()), keyword);
  }
}
