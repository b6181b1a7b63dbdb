package io.fullbore.config;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What compact constructors check beyond the rows of their {@link Section}. */
final class Rules {
  private Rules() {}

  /**
   * @param field what is at fault, below the record
   * @throws InvalidFieldException with the message, where it is not allowed
   */
  static void require(boolean allowed, String field, String message, @Nullable Object... values) {
    if (!allowed) {
      throw new InvalidFieldException(field, message.formatted(values));
    }
  }

  /**
   * @param list the field that holds the elements
   * @param names of the elements, null for those without
   * @throws InvalidFieldException at the first name that an earlier element has
   */
  static void requireOnce(String list, List<@Nullable String> names) {
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      require(
          name == null || seen.add(name),
          "%s[%d].name".formatted(list, i),
          "%s: name=%s is there twice; give each its own",
          list,
          name);
    }
  }
}
