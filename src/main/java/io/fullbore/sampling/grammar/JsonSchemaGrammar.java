package io.fullbore.sampling.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a JSON schema (draft 2020-12, and what OpenAPI adds) as a grammar. Every text of the
 * grammar fits the schema; not every value that fits is a text of the grammar:
 *
 * <ul>
 *   <li>members stand in the order of {@code properties}, further ones after them;
 *   <li>where {@code additionalProperties} is not given, an object has none beside its {@code
 *       properties}; where {@code items} is not given, an array none beside its {@code
 *       prefixItems};
 *   <li>a schema without {@code type} means those types that its keywords speak of;
 *   <li>numbers have few digits, see {@link JsonRules}; between bounds they have no exponent.
 * </ul>
 *
 * <p>What cannot be kept to is an {@link UnsupportedSchemaException}. Keywords that no draft knows
 * are annotations.
 */
final class JsonSchemaGrammar {
  private static final int MAX_SOURCE_CHARS = 1 << 18;
  private static final int MAX_DEPTH = 150;

  private static final Set<String> REFUSED =
      Set.of(
          "not",
          "if",
          "then",
          "else",
          "patternProperties",
          "propertyNames",
          "dependentRequired",
          "dependentSchemas",
          "dependencies",
          "contains",
          "minContains",
          "maxContains",
          "unevaluatedItems",
          "$dynamicRef",
          "$recursiveRef",
          "additionalItems",
          "contentEncoding",
          "contentMediaType",
          "contentSchema");

  private static final Map<String, Set<String>> KEYWORDS_OF_TYPE =
      Map.of(
          "object",
          Set.of(
              "properties",
              "required",
              "additionalProperties",
              "minProperties",
              "maxProperties",
              "unevaluatedProperties"),
          "array",
          Set.of("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
          "string",
          Set.of("minLength", "maxLength", "pattern", "format"),
          "number",
          Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"));

  private static final List<String> TYPES =
      List.of("object", "array", "string", "number", "integer", "boolean", "null");

  private final JsonNode document;
  private final SchemaMerge merge;
  private final RuleSet rules = new RuleSet();
  private final JsonRules json = new JsonRules(rules);
  private final Map<JsonNode, Expr> knownNodes = new IdentityHashMap<>();
  private final Map<String, Expr> known = new HashMap<>(); // by the schema's text
  private int depth;

  private JsonSchemaGrammar(JsonNode document) {
    this.document = document;
    merge = new SchemaMerge(document);
  }

  /**
   * @throws GrammarException where the schema is wrong, unsupported, too large or never fits
   */
  static Grammar of(String source) {
    if (source.length() > MAX_SOURCE_CHARS) {
      throw new GrammarException(
          "the schema is longer than %d characters".formatted(MAX_SOURCE_CHARS));
    }
    JsonNode document = JsonText.parse(source);
    return new JsonSchemaGrammar(document).grammar(document, "$");
  }

  /** Any JSON object. */
  static Grammar ofAnyObject() {
    RuleSet rules = new RuleSet();
    int root = rules.declare("root");
    rules.define(root, new JsonRules(rules).object());
    return new Grammar(rules, root);
  }

  private Grammar grammar(JsonNode schema, String path) {
    int root = rules.declare("root");
    rules.define(root, value(schema, path));
    return new Grammar(rules, root);
  }

  /** The values of a schema. Equal schemas are one rule, so those that contain themselves end. */
  private Expr value(JsonNode schema, String path) {
    JsonNode target = schema;
    for (int i = 0; isReferenceAlone(target); i++) {
      if (i > MAX_DEPTH) {
        throw new UnsupportedSchemaException("$ref", path, "it refers to itself");
      }
      target =
          target.has("$ref") ? merge.resolve(target.get("$ref"), path) : target.get("allOf").get(0);
    }
    Expr rule = knownNodes.get(target);
    if (rule == null) {
      rule = valueOfNode(target, path);
      knownNodes.put(target, rule);
    }
    return rule;
  }

  private Expr valueOfNode(JsonNode target, String path) {
    String key = target.toString();
    Expr rule = known.get(key);
    if (rule == null) {
      int declared = rules.declare(path);
      rule = new Expr.Call(declared);
      known.put(key, rule);
      if (++depth > MAX_DEPTH) {
        throw new GrammarException(
            "the schema is nested deeper than %d at %s".formatted(MAX_DEPTH, path));
      }
      rules.define(declared, flat(merge.flatten(target, path), path));
      depth--;
    }
    return rule;
  }

  /** Whether the schema is nothing but another one. */
  private static boolean isReferenceAlone(JsonNode schema) {
    if (!schema.isObject()) {
      return false;
    }
    long keywords =
        schema.properties().stream()
            .filter(field -> !SchemaMerge.ANNOTATIONS.contains(field.getKey()))
            .count();
    return keywords == 1 && (schema.has("$ref") || schema.path("allOf").size() == 1);
  }

  private Expr flat(JsonNode schema, String path) {
    if (!(schema instanceof ObjectNode object)) {
      return Expr.NEVER;
    }
    for (String keyword : REFUSED) {
      if (object.has(keyword)) {
        throw new UnsupportedSchemaException(keyword, path, "it is not supported");
      }
    }
    requireShapes(object, path);
    for (String keyword : List.of("anyOf", "oneOf")) {
      if (object.has(keyword)) {
        return alternatives(object, keyword, path);
      }
    }
    if (object.has("enum")) {
      return values(object, path);
    }
    List<Expr> alternatives = new ArrayList<>();
    for (String type : typesOf(object, path)) {
      alternatives.add(ofType(type, object, path));
    }
    return Expr.choice(alternatives);
  }

  private static void requireShapes(ObjectNode schema, String path) {
    for (String keyword : List.of("anyOf", "oneOf", "enum", "required", "prefixItems")) {
      if (schema.has(keyword) && !schema.get(keyword).isArray()) {
        throw new UnsupportedSchemaException(keyword, path, "it must be an array");
      }
    }
    if (schema.has("properties") && !schema.get("properties").isObject()) {
      throw new UnsupportedSchemaException("properties", path, "it must be an object");
    }
  }

  private Expr alternatives(ObjectNode schema, String keyword, String path) {
    ObjectNode rest = schema.deepCopy();
    JsonNode given = rest.remove(keyword);
    List<JsonNode> merged = new ArrayList<>();
    List<Expr> alternatives = new ArrayList<>();
    for (JsonNode alternative : given) {
      String at = "%s.%s[%d]".formatted(path, keyword, merged.size());
      JsonNode both = merge.merge(rest, merge.flatten(alternative, at), at);
      merged.add(both);
      alternatives.add(rest.isEmpty() ? value(alternative, at) : value(both, at));
    }
    if (keyword.equals("oneOf")) {
      new SchemaDisjointness(merge).require(merged, path);
    }
    return Expr.choice(alternatives);
  }

  /** The listed values that the schema's other keywords let in, as they are written compactly. */
  private Expr values(ObjectNode schema, String path) {
    ObjectNode rest = schema.deepCopy();
    JsonNode listed = rest.remove("enum");
    JsonNode type = rest.size() == 1 ? rest.get("type") : null;
    Grammar others =
        rest.isEmpty() || type != null ? null : new JsonSchemaGrammar(document).grammar(rest, path);
    List<Expr> alternatives = new ArrayList<>();
    for (JsonNode value : listed) {
      String text = value.toString();
      boolean fits =
          others != null
              ? others.accepts(text.getBytes(StandardCharsets.UTF_8))
              : type == null || isOneOf(value, SchemaMerge.types(type));
      if (fits) {
        alternatives.add(Expr.literal(text));
      }
    }
    return Expr.choice(alternatives);
  }

  static boolean isOneOf(JsonNode value, Set<String> types) {
    return switch (value.getNodeType()) {
      case OBJECT, POJO -> types.contains("object");
      case ARRAY -> types.contains("array");
      case STRING, BINARY -> types.contains("string");
      case BOOLEAN -> types.contains("boolean");
      case NULL, MISSING -> types.contains("null");
      case NUMBER ->
          types.contains("number")
              || types.contains("integer")
                  && value.decimalValue().stripTrailingZeros().scale() <= 0;
    };
  }

  /** The types that the schema names, or else those that its keywords speak of, or else all. */
  static List<String> typesOf(ObjectNode schema, String path) {
    if (schema.has("type")) {
      for (String type : SchemaMerge.types(schema.get("type"))) {
        if (!TYPES.contains(type)) {
          throw new UnsupportedSchemaException(
              "type", path, "there is no type '%s'".formatted(type));
        }
      }
      Set<String> named = SchemaMerge.types(schema.get("type"));
      return TYPES.stream()
          .filter(named::contains)
          .filter(type -> !type.equals("integer") || !named.contains("number"))
          .toList();
    }
    List<String> implied =
        TYPES.stream()
            .filter(
                type ->
                    KEYWORDS_OF_TYPE.getOrDefault(type, Set.of()).stream().anyMatch(schema::has))
            .toList();
    return implied.isEmpty()
        ? TYPES.stream().filter(type -> !type.equals("integer")).toList()
        : implied;
  }

  private Expr ofType(String type, ObjectNode schema, String path) {
    return switch (type) {
      case "object" -> object(schema, path);
      case "array" -> array(schema, path);
      case "string" -> new StringSchemas(json).of(schema, path);
      case "number" -> new NumberSchemas(rules, json).of(schema, path, false);
      case "integer" -> new NumberSchemas(rules, json).of(schema, path, true);
      case "boolean" -> JsonRules.bool();
      default -> Expr.literal("null");
    };
  }

  private Expr object(ObjectNode schema, String path) {
    JsonNode properties = schema.path("properties");
    JsonNode further = schema.get("additionalProperties");
    if (further == null && !schema.has("properties")) {
      further = schema.get("unevaluatedProperties");
    }
    boolean open = further == null ? !schema.has("properties") : !isFalse(further);
    Map<String, Boolean> required = new LinkedHashMap<>();
    schema.path("required").forEach(name -> required.put(name.asText(), true));
    List<JsonRules.Member> members = new ArrayList<>();
    for (Map.Entry<String, JsonNode> property : properties.properties()) {
      String name = property.getKey();
      String at = path + ".properties." + name;
      members.add(
          new JsonRules.Member(
              json.member(key(name), value(property.getValue(), at)),
              required.remove(name) != null));
    }
    List<String> names = new ArrayList<>();
    properties.fieldNames().forEachRemaining(names::add);
    for (String name : required.keySet()) {
      names.add(name);
      Expr value = further == null ? json.value() : value(further, path + ".additionalProperties");
      members.add(new JsonRules.Member(json.member(key(name), value), true));
    }
    checkCounts(schema, members, open, path);
    if (!open) {
      return json.object(members, null);
    }
    Expr value = further == null ? json.value() : value(further, path + ".additionalProperties");
    return json.object(members, json.member(new OtherKeys(rules).of(names), value));
  }

  private static boolean isFalse(JsonNode schema) {
    return schema.isBoolean() && !schema.booleanValue();
  }

  private static Expr key(String name) {
    return Expr.literal(TextNode.valueOf(name).toString());
  }

  /** How many members there are is not counted, so it must follow from the others. */
  private static void checkCounts(
      ObjectNode schema, List<JsonRules.Member> members, boolean open, String path) {
    long least = members.stream().filter(JsonRules.Member::required).count();
    JsonNode min = schema.get("minProperties");
    if (min != null && min.asLong() > least) {
      throw new UnsupportedSchemaException(
          "minProperties", path, "it is more than the required properties, which is not supported");
    }
    JsonNode max = schema.get("maxProperties");
    if (max != null && (open || max.asLong() < members.size())) {
      throw new UnsupportedSchemaException(
          "maxProperties",
          path,
          "it is less than the properties there may be, which is not supported");
    }
  }

  private Expr array(ObjectNode schema, String path) {
    if (schema.path("uniqueItems").booleanValue()) {
      throw new UnsupportedSchemaException("uniqueItems", path, "it is not supported");
    }
    List<Expr> first = new ArrayList<>();
    for (JsonNode item : schema.path("prefixItems")) {
      first.add(value(item, "%s.prefixItems[%d]".formatted(path, first.size())));
    }
    int min = count(schema, "minItems", 0, path);
    int max = count(schema, "maxItems", Expr.UNBOUNDED, path);
    JsonNode items = schema.get("items");
    if (items != null && items.isArray()) {
      throw new UnsupportedSchemaException(
          "items", path, "write an array of schemas as 'prefixItems'");
    }
    Expr further = null;
    if (items != null && !isFalse(items)) {
      further = value(items, path + ".items");
    } else if (items == null && (first.isEmpty() || min > first.size())) {
      further = json.value();
    }
    return json.array(first, further, min, max);
  }

  /** A keyword that is a count. */
  static int count(ObjectNode schema, String keyword, int fallback, String path) {
    JsonNode value = schema.get(keyword);
    if (value == null) {
      return fallback;
    }
    BigDecimal number = value.decimalValue();
    if (!value.isNumber() || number.signum() < 0 || number.stripTrailingZeros().scale() > 0) {
      throw new UnsupportedSchemaException(keyword, path, "it must be a count");
    }
    return number.compareTo(BigDecimal.valueOf(Expr.UNBOUNDED)) >= 0
        ? Expr.UNBOUNDED
        : number.intValue();
  }

  /** Null where the keyword is absent. */
  static @Nullable BigDecimal number(ObjectNode schema, String keyword, String path) {
    JsonNode value = schema.get(keyword);
    if (value == null) {
      return null;
    }
    if (!value.isNumber()) {
      throw new UnsupportedSchemaException(keyword, path, "it must be a number");
    }
    return value.decimalValue();
  }
}
