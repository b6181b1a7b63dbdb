package io.fullbore.sampling.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Makes one schema of several that must all hold: of {@code allOf}, of {@code $ref} with others
 * beside it, and of what stands beside {@code anyOf}. Schemas inside are joined by a new {@code
 * allOf} and merged when their turn comes.
 */
final class SchemaMerge {
  private static final int MAX_DEPTH = 50;
  private static final int MAX_FLATTENED = 20_000;
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** What says nothing of the values. */
  static final Set<String> ANNOTATIONS =
      Set.of(
          "title",
          "description",
          "default",
          "examples",
          "example",
          "$schema",
          "$id",
          "$comment",
          "$anchor",
          "deprecated",
          "readOnly",
          "writeOnly",
          "$defs",
          "definitions");

  private final JsonNode document;
  private int flattened;

  SchemaMerge(JsonNode document) {
    this.document = document;
  }

  /**
   * The schema without annotations, {@code $ref}, {@code allOf}, {@code const} and {@code
   * nullable}; only false remains as it is.
   */
  JsonNode flatten(JsonNode schema, String path) {
    return flatten(schema, path, 0);
  }

  private JsonNode flatten(JsonNode schema, String path, int depth) {
    if (depth > MAX_DEPTH) {
      throw new UnsupportedSchemaException("$ref", path, "schemas include each other without end");
    }
    if (++flattened > MAX_FLATTENED) {
      throw new GrammarException(
          "the schema is too large: more than %d parts".formatted(MAX_FLATTENED));
    }
    if (schema.isBoolean()) {
      return schema.booleanValue() ? NODES.objectNode() : schema;
    }
    if (!schema.isObject()) {
      throw new GrammarException(
          "a schema at %s is neither an object nor a boolean".formatted(path));
    }
    ObjectNode own = NODES.objectNode();
    schema
        .properties()
        .forEach(
            field -> {
              if (!ANNOTATIONS.contains(field.getKey()) && !field.getKey().startsWith("x-")) {
                own.set(field.getKey(), field.getValue());
              }
            });
    JsonNode constant = own.remove("const");
    JsonNode reference = own.remove("$ref");
    JsonNode all = own.remove("allOf");
    allowNull(own);
    JsonNode merged = own;
    if (constant != null) {
      merged = merge(merged, NODES.objectNode().set("enum", NODES.arrayNode().add(constant)), path);
    }
    if (reference != null) {
      merged = merge(flatten(resolve(reference, path), path, depth + 1), merged, path);
    }
    if (all != null) {
      for (JsonNode part : all) {
        merged = merge(merged, flatten(part, path, depth + 1), path);
      }
    }
    return merged;
  }

  /** OpenAPI's way to say that the value may be null. */
  private static void allowNull(ObjectNode schema) {
    JsonNode nullable = schema.remove("nullable");
    if (nullable == null || !nullable.booleanValue()) {
      return;
    }
    if (schema.get("type") instanceof TextNode type) {
      schema.set("type", NODES.arrayNode().add(type).add("null"));
    }
    if (schema.get("enum") instanceof ArrayNode values) {
      schema.set("enum", values.deepCopy().add(NODES.nullNode()));
    }
  }

  /** The schema that a reference inside the document means. */
  JsonNode resolve(JsonNode reference, String path) {
    String pointer = reference.asText();
    if (!pointer.startsWith("#") || pointer.length() > 1 && pointer.charAt(1) != '/') {
      throw new UnsupportedSchemaException(
          "$ref", path, "'%s' is no pointer into the schema itself".formatted(pointer));
    }
    String decoded =
        URLDecoder.decode(pointer.substring(1).replace("+", "%2B"), StandardCharsets.UTF_8);
    JsonNode target = document.at(decoded);
    if (target.isMissingNode()) {
      throw new UnsupportedSchemaException("$ref", path, "nothing is at '%s'".formatted(pointer));
    }
    return target;
  }

  /** Both flat schemas at once. */
  JsonNode merge(JsonNode a, JsonNode b, String path) {
    if (a.isBoolean() || b.isBoolean()) {
      return BooleanNode.FALSE;
    }
    if (a.isEmpty() || b.isEmpty()) {
      return a.isEmpty() ? b : a;
    }
    ObjectNode merged = NODES.objectNode();
    mergeProperties((ObjectNode) a, (ObjectNode) b, merged, path);
    Set<String> names = new LinkedHashSet<>();
    a.fieldNames().forEachRemaining(names::add);
    b.fieldNames().forEachRemaining(names::add);
    for (String name : names) {
      JsonNode left = a.get(name);
      JsonNode right = b.get(name);
      if (merged.has(name) || name.equals("properties") || name.equals("additionalProperties")) {
        continue;
      }
      merged.set(
          name,
          left == null || right == null
              ? left == null ? right : left
              : both(name, left, right, path));
    }
    requireMergeableItems(a, b, path);
    return merged;
  }

  private static JsonNode both(String name, JsonNode left, JsonNode right, String path) {
    return switch (name) {
      case "type" -> commonTypes(left, right);
      case "enum" -> common(left, right);
      case "required" -> union(left, right);
      case "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties" ->
          compare(left, right) >= 0 ? left : right;
      case "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties" ->
          compare(left, right) <= 0 ? left : right;
      case "items" -> joined(left, right);
      default -> {
        if (!left.equals(right)) {
          throw new UnsupportedSchemaException(
              name, path, "it is given in several schemas that must all hold");
        }
        yield left;
      }
    };
  }

  private static int compare(JsonNode left, JsonNode right) {
    BigDecimal a = left.decimalValue();
    return a.compareTo(right.decimalValue());
  }

  private static JsonNode joined(JsonNode left, JsonNode right) {
    if (left.equals(right)) {
      return left;
    }
    return NODES.objectNode().set("allOf", NODES.arrayNode().add(left).add(right));
  }

  private static ArrayNode commonTypes(JsonNode left, JsonNode right) {
    ArrayNode common = NODES.arrayNode();
    for (String type : types(left)) {
      if (types(right).contains(type)) {
        common.add(type);
      } else if (type.equals("integer") && types(right).contains("number")
          || type.equals("number") && types(right).contains("integer")) {
        common.add("integer");
      }
    }
    return common;
  }

  /** The names that the keyword {@code type} gives. */
  static Set<String> types(JsonNode type) {
    Set<String> names = new LinkedHashSet<>();
    if (type.isArray()) {
      type.forEach(name -> names.add(name.asText()));
    } else {
      names.add(type.asText());
    }
    return names;
  }

  private static ArrayNode common(JsonNode left, JsonNode right) {
    ArrayNode common = NODES.arrayNode();
    for (JsonNode value : left) {
      for (JsonNode other : right) {
        if (value.equals(other)) {
          common.add(value);
          break;
        }
      }
    }
    return common;
  }

  private static ArrayNode union(JsonNode left, JsonNode right) {
    Set<JsonNode> all = new LinkedHashSet<>();
    left.forEach(all::add);
    right.forEach(all::add);
    return NODES.arrayNode().addAll(all);
  }

  private static void mergeProperties(ObjectNode a, ObjectNode b, ObjectNode to, String path) {
    boolean has =
        a.has("properties")
            || b.has("properties")
            || a.has("additionalProperties")
            || b.has("additionalProperties");
    if (!has) {
      return;
    }
    ObjectNode properties = NODES.objectNode();
    addProperties(a, b, properties, path);
    addProperties(b, a, properties, path);
    if (!properties.isEmpty()) {
      to.set("properties", properties);
    }
    JsonNode left = a.get("additionalProperties");
    JsonNode right = b.get("additionalProperties");
    if (left != null && right != null) {
      to.set("additionalProperties", joined(left, right));
    } else if (left != null || right != null) {
      to.set("additionalProperties", left == null ? right : left);
    }
  }

  /** A property that the other schema does not name is one of its additional properties. */
  private static void addProperties(ObjectNode of, ObjectNode other, ObjectNode to, String path) {
    of.path("properties")
        .properties()
        .forEach(
            field -> {
              String name = field.getKey();
              JsonNode there = other.path("properties").get(name);
              if (there == null) {
                there = other.get("additionalProperties");
              }
              if (!to.has(name)) {
                to.set(name, there == null ? field.getValue() : joined(field.getValue(), there));
              }
            });
  }

  private static void requireMergeableItems(JsonNode a, JsonNode b, String path) {
    boolean mixed =
        a.has("prefixItems") && b.has("items") && !b.has("prefixItems")
            || b.has("prefixItems") && a.has("items") && !a.has("prefixItems");
    if (mixed) {
      throw new UnsupportedSchemaException(
          "prefixItems", path, "it stands beside 'items' of another schema that must hold too");
    }
  }
}
