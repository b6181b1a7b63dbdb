package io.fullbore.sampling.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Whether no value fits two alternatives of {@code oneOf}, as far as that can be seen from their
 * types, their listed values, and the properties that they require, such as a tag of each kind.
 */
final class SchemaDisjointness {
  private static final int MAX_DEPTH = 5;

  private final SchemaMerge merge;

  SchemaDisjointness(SchemaMerge merge) {
    this.merge = merge;
  }

  /**
   * @param alternatives flat
   * @throws UnsupportedSchemaException where two might both fit
   */
  void require(List<JsonNode> alternatives, String path) {
    for (int i = 0; i < alternatives.size(); i++) {
      for (int other = 0; other < alternatives.size(); other++) {
        if (i != other && !never(alternatives.get(i), alternatives.get(other), path, 0)) {
          throw new UnsupportedSchemaException(
              "oneOf",
              path,
              "a value might fit its alternatives %d and %d at once; 'anyOf' is supported"
                  .formatted(Math.min(i, other), Math.max(i, other)));
        }
      }
    }
  }

  /** Whether no text made for one schema fits the other one. */
  private boolean never(JsonNode made, JsonNode other, String path, int depth) {
    if (!(made instanceof ObjectNode a) || !(other instanceof ObjectNode b)) {
      return true;
    }
    if (depth > MAX_DEPTH || a.has("anyOf") || a.has("oneOf")) {
      return false;
    }
    if (a.has("enum")) {
      return noneListed(a.get("enum"), b);
    }
    Set<String> types = new HashSet<>(JsonSchemaGrammar.typesOf(a, path));
    if (b.has("type") || b.has("enum")) {
      Set<String> others = typesThatFit(b);
      boolean numbers =
          types.contains("integer") && others.contains("number")
              || types.contains("number") && others.contains("integer");
      if (!numbers && types.stream().noneMatch(others::contains)) {
        return true;
      }
    }
    return types.equals(Set.of("object")) && aPropertyDiffers(a, b, path, depth);
  }

  private static boolean noneListed(JsonNode values, ObjectNode other) {
    for (JsonNode value : values) {
      boolean typeFits =
          !other.has("type")
              || JsonSchemaGrammar.isOneOf(value, SchemaMerge.types(other.get("type")));
      boolean listed = !other.has("enum");
      for (JsonNode otherValue : other.path("enum")) {
        listed |= value.equals(otherValue);
      }
      if (typeFits && listed) {
        return false;
      }
    }
    return true;
  }

  private static Set<String> typesThatFit(ObjectNode schema) {
    if (schema.has("type")) {
      return SchemaMerge.types(schema.get("type"));
    }
    Set<String> types = new HashSet<>();
    for (JsonNode value : schema.get("enum")) {
      for (String type : List.of("object", "array", "string", "number", "boolean", "null")) {
        if (JsonSchemaGrammar.isOneOf(value, Set.of(type))) {
          types.add(type);
        }
      }
    }
    return types;
  }

  private boolean aPropertyDiffers(ObjectNode a, ObjectNode b, String path, int depth) {
    JsonNode otherProperties = b.path("properties");
    JsonNode further = b.path("additionalProperties");
    boolean closed = further.isBoolean() && !further.booleanValue();
    for (JsonNode name : a.path("required")) {
      JsonNode own = a.path("properties").get(name.asText());
      JsonNode others = otherProperties.get(name.asText());
      if (others == null ? closed : own != null && flatNever(own, others, path, depth)) {
        return true;
      }
    }
    boolean ownClosed =
        a.has("properties") && !a.has("additionalProperties")
            || a.path("additionalProperties").isBoolean()
                && !a.path("additionalProperties").booleanValue();
    for (JsonNode name : b.path("required")) {
      if (ownClosed && !a.path("properties").has(name.asText()) && !isRequired(a, name)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isRequired(ObjectNode schema, JsonNode name) {
    for (JsonNode required : schema.path("required")) {
      if (required.equals(name)) {
        return true;
      }
    }
    return false;
  }

  private boolean flatNever(JsonNode made, JsonNode other, String path, int depth) {
    return never(merge.flatten(made, path), merge.flatten(other, path), path, depth + 1);
  }
}
