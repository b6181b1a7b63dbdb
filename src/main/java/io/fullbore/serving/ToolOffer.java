package io.fullbore.serving;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tools that the model may call in its answer.
 *
 * @param definitions as the caller wrote them: objects with a {@code function} that has a {@code
 *     name}; empty for no tools
 * @param parallel whether it may call several; if not, its answer ends with the first call
 */
public record ToolOffer(List<Map<String, Object>> definitions, boolean parallel) {
  public static final ToolOffer NONE = new ToolOffer(List.of(), true);

  public ToolOffer {
    definitions = List.copyOf(definitions);
  }

  public boolean isEmpty() {
    return definitions.isEmpty();
  }

  Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    for (Map<String, Object> definition : definitions) {
      if (definition.get("function") instanceof Map<?, ?> function
          && function.get("name") instanceof String name) {
        names.add(name);
      }
    }
    return names;
  }
}
