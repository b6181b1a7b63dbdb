package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The tools of a request and how they may be called, as Anthropic's API takes them. */
final class AnthropicTools {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private AnthropicTools() {}

  /**
   * Translates {@code tools}, {@code tool_choice} and {@code parallel_tool_calls}.
   *
   * @param body the request
   * @param to gets {@code tools} and {@code tool_choice}
   */
  static void write(RequestField body, ObjectNode to) {
    List<RequestField> tools = body.field("tools").elements();
    ObjectNode choice = choice(body.field("tool_choice"));
    if (tools.isEmpty()) {
      if (isForced(choice)) {
        throw body.field("tool_choice").unsupportedValue("there are no tools to call.");
      }
      return; // and no choice, which the API refuses where there are no tools
    }
    ArrayNode translated = to.putArray("tools");
    tools.forEach(tool -> translated.add(tool(tool)));
    RequestField parallel = body.field("parallel_tool_calls");
    if (!parallel.isAbsent() && !parallel.flag()) {
      choice = choice == null ? type("auto") : choice;
      if (!choice.path("type").asText().equals("none")) {
        choice.put("disable_parallel_tool_use", true);
      }
    }
    if (choice != null) {
      to.set("tool_choice", choice);
    }
  }

  /** Whether a tool must be called. */
  static boolean isForced(@Nullable JsonNode choice) {
    return choice != null && Set.of("any", "tool").contains(choice.path("type").asText());
  }

  private static ObjectNode tool(RequestField tool) {
    RequestField type = tool.field("type");
    if (!type.text().equals("function")) {
      throw type.unsupportedValue("only functions can be passed on.");
    }
    tool.hasOnly(Set.of("type", "function", "cache_control"));
    RequestField function = tool.field("function");
    function.hasOnly(Set.of("name", "description", "parameters", "strict"));
    ObjectNode translated = JSON.objectNode().put("name", function.field("name").text());
    RequestField description = function.field("description");
    if (!description.isAbsent()) {
      translated.put("description", description.text());
    }
    translated.set("input_schema", schema(function.field("parameters")));
    RequestField strict = function.field("strict");
    if (!strict.isAbsent() && strict.flag()) {
      translated.put("strict", true);
    }
    RequestField marker = tool.field("cache_control");
    if (!marker.isAbsent()) {
      translated.set("cache_control", marker.json().deepCopy());
    }
    return translated;
  }

  /** A function without parameters has an empty object, which must be said here. */
  private static ObjectNode schema(RequestField parameters) {
    ObjectNode schema = JSON.objectNode();
    if (!parameters.isAbsent()) {
      parameters.require(parameters.json().isObject(), "an object");
      schema = parameters.json().deepCopy();
    }
    if (!schema.has("type")) {
      schema.put("type", "object");
    }
    return schema;
  }

  private static @Nullable ObjectNode choice(RequestField choice) {
    if (choice.isAbsent()) {
      return null;
    }
    if (choice.isText()) {
      return switch (choice.text()) {
        case "auto" -> type("auto");
        case "none" -> type("none");
        case "required" -> type("any");
        default -> throw choice.unsupportedValue("expected 'auto', 'none' or 'required'.");
      };
    }
    choice.require(choice.json().isObject(), "a string or an object");
    RequestField type = choice.field("type");
    if (!type.text().equals("function")) {
      throw type.unsupportedValue("only a function can be chosen.");
    }
    choice.hasOnly(Set.of("type", "function"));
    RequestField function = choice.field("function");
    function.hasOnly(Set.of("name"));
    return type("tool").put("name", function.field("name").text());
  }

  private static ObjectNode type(String type) {
    return JSON.objectNode().put("type", type);
  }
}
