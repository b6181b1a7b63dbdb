package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** JSON that is nearly right: each value in turn is missing, or another one. */
final class JsonMutants {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private static final List<JsonNode> VALUES =
      List.of(
          JSON.nullNode(),
          JSON.booleanNode(true),
          JSON.numberNode(-1),
          JSON.numberNode(1e300),
          JSON.textNode(""),
          JSON.textNode("x"),
          JSON.arrayNode(),
          JSON.arrayNode().add(JSON.nullNode()),
          JSON.objectNode(),
          JSON.objectNode().put("type", "x"));

  private JsonMutants() {}

  static List<JsonNode> of(JsonNode json) {
    List<JsonNode> mutants = new ArrayList<>();
    if (json.isContainerNode()) {
      for (int child = 0; child < json.size(); child++) {
        mutants.add(with(json, child, null));
        for (JsonNode value : VALUES) {
          mutants.add(with(json, child, value));
        }
        for (JsonNode mutant : of(child(json, child))) {
          mutants.add(with(json, child, mutant));
        }
      }
    }
    return mutants;
  }

  private static JsonNode child(JsonNode json, int child) {
    return json.isArray() ? json.get(child) : json.get(name(json, child));
  }

  private static String name(JsonNode object, int child) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names.get(child);
  }

  /** A copy in which one value is another one, or none. */
  private static JsonNode with(JsonNode json, int child, @Nullable JsonNode value) {
    JsonNode copy = json.deepCopy();
    if (copy instanceof ArrayNode array) {
      array.remove(child);
      if (value != null) {
        array.insert(child, value);
      }
    } else if (value == null) {
      ((ObjectNode) copy).remove(name(json, child));
    } else {
      ((ObjectNode) copy).set(name(json, child), value);
    }
    return copy;
  }
}
