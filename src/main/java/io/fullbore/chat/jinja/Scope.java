package io.fullbore.chat.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Variables of one block; reads fall through to the enclosing block, writes do not. */
final class Scope {
  private final @Nullable Scope parent;
  private final Map<String, Object> variables = new HashMap<>();

  Scope(@Nullable Scope parent) {
    this.parent = parent;
  }

  @Nullable Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.parent) {
      Object value = scope.variables.get(name);
      if (value != null) {
        return value;
      }
    }
    return null;
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }
}
