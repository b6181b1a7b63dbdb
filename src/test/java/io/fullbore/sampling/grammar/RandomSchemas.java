package io.fullbore.sampling.grammar;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Random;

/** Makes schemas of all supported keywords at random. */
final class RandomSchemas {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final List<String> PATTERNS =
      List.of("^[a-c]+$", "x", "^\\d{2,4}(-\\d)?$", "^(é|\"|\\\\)*$", "^a.?b|c$");

  /** Without email, of which the judge knows only certain domains. */
  private static final List<String> FORMATS =
      List.of("date", "date-time", "time", "uuid", "ipv4", "ipv6", "hostname", "uri", "duration");

  private final Random random;

  RandomSchemas(long seed) {
    random = new Random(seed);
  }

  /** A whole document, sometimes one that contains itself. */
  ObjectNode document() {
    ObjectNode schema = schema(3);
    ObjectNode definition = object(1);
    if (definition.get("properties") instanceof ObjectNode properties && random.nextBoolean()) {
      properties.set("again", NODES.objectNode().put("$ref", "#/$defs/one"));
    }
    schema.set("$defs", NODES.objectNode().set("one", definition));
    return schema;
  }

  private ObjectNode schema(int depth) {
    return switch (random.nextInt(depth == 0 ? 6 : 14)) {
      case 0, 1 -> string();
      case 2 -> number("integer");
      case 3 -> number("number");
      case 4 -> listed();
      case 5 -> NODES.objectNode().put("type", random.nextBoolean() ? "boolean" : "null");
      case 6, 7 -> array(depth - 1);
      case 8 -> alternatives(depth - 1);
      case 9 -> all(depth - 1);
      case 10 -> NODES.objectNode().put("$ref", "#/$defs/one");
      default -> object(depth - 1);
    };
  }

  private ObjectNode string() {
    ObjectNode schema = NODES.objectNode().put("type", "string");
    switch (random.nextInt(4)) {
      case 0 -> schema.put("pattern", PATTERNS.get(random.nextInt(PATTERNS.size())));
      case 1 -> schema.put("format", FORMATS.get(random.nextInt(FORMATS.size())));
      default -> {
        int min = random.nextInt(4);
        schema.put("minLength", min).put("maxLength", min + random.nextInt(100));
      }
    }
    return schema;
  }

  private ObjectNode number(String type) {
    ObjectNode schema = NODES.objectNode().put("type", type);
    double low = random.nextInt(-300, 300) / (type.equals("integer") ? 1.0 : 8.0);
    double high = low + random.nextInt(1, 500) / (random.nextBoolean() ? 1.0 : 4.0);
    if (random.nextBoolean()) {
      schema.put(random.nextBoolean() ? "minimum" : "exclusiveMinimum", low);
    }
    if (random.nextBoolean()) {
      schema.put(random.nextBoolean() ? "maximum" : "exclusiveMaximum", high);
    }
    if (type.equals("integer") && schema.size() == 1 && random.nextBoolean()) {
      schema.put("multipleOf", 1 + random.nextInt(30));
    }
    return schema;
  }

  private ObjectNode listed() {
    ArrayNode values =
        NODES.arrayNode().add("a\"é").add(random.nextInt(50)).addNull().add("\u0001b");
    values.add(NODES.objectNode().put("k", true));
    return random.nextBoolean()
        ? NODES.objectNode().set("enum", values)
        : NODES.objectNode().set("const", values.get(random.nextInt(values.size())));
  }

  private ObjectNode array(int depth) {
    ObjectNode schema = NODES.objectNode().put("type", "array");
    int min = random.nextInt(3);
    schema.put("minItems", min).put("maxItems", min + random.nextInt(3));
    if (random.nextInt(3) == 0) {
      ArrayNode first = schema.putArray("prefixItems");
      for (int i = random.nextInt(3); i >= 0; i--) {
        first.add(schema(depth));
      }
    }
    if (random.nextInt(4) > 0) {
      schema.set("items", schema(depth));
    }
    return schema;
  }

  private ObjectNode alternatives(int depth) {
    ObjectNode schema = NODES.objectNode();
    if (random.nextBoolean()) {
      schema.putArray("anyOf").add(schema(depth)).add(schema(depth));
    } else {
      schema.putArray("oneOf").add(tagged("a", depth)).add(tagged("b", depth)).add(string());
    }
    return schema;
  }

  private ObjectNode tagged(String tag, int depth) {
    ObjectNode schema = NODES.objectNode().put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    properties.putObject("kind").put("const", tag);
    properties.set("value", schema(depth));
    schema.putArray("required").add("kind");
    return schema;
  }

  private ObjectNode all(int depth) {
    ObjectNode schema = NODES.objectNode();
    schema.putArray("allOf").add(object(depth)).add(object(depth));
    return schema;
  }

  private ObjectNode object(int depth) {
    ObjectNode schema = NODES.objectNode().put("type", "object");
    ObjectNode properties = schema.putObject("properties");
    ArrayNode required = schema.putArray("required");
    for (int i = random.nextInt(5); i > 0; i--) {
      String name = List.of("a", "ab", "b", "é\"", "", "long name").get(random.nextInt(6));
      properties.set(name, schema(Math.max(0, depth)));
      if (random.nextBoolean()) {
        required.add(name);
      }
    }
    switch (random.nextInt(4)) {
      case 0 -> schema.put("additionalProperties", false);
      case 1 -> schema.set("additionalProperties", string());
      default -> {}
    }
    return schema;
  }
}
