package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** Translates the tools of Anthropic's API, and how they may be called, into those of a chat. */
final class AnthropicTools {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private AnthropicTools() {}

  /**
   * @param to gets {@code tools}, {@code tool_choice} and {@code parallel_tool_calls}
   */
  static void write(JsonFields fields, ObjectNode to) {
    ArrayNode tools = JSON.arrayNode();
    fields.elements("tools").forEach(tool -> tools.add(tool(tool)));
    if (!tools.isEmpty()) {
      to.set("tools", tools);
    }
    JsonValue choice = fields.get("tool_choice");
    if (choice != null) {
      writeChoice(choice, to);
    }
  }

  private static ObjectNode tool(JsonValue value) {
    JsonFields fields = value.fields();
    JsonValue type = fields.get("type");
    if (type != null && !type.string().equals("custom")) {
      throw type.unsupportedValue("only tools that the caller runs are supported here.");
    }
    fields.ignore("cache_control", "eager_input_streaming");
    ObjectNode tool = JSON.objectNode().put("type", "function");
    ObjectNode function = tool.putObject("function");
    function.put("name", fields.require("name").string());
    String description = fields.string("description");
    if (description != null) {
      function.put("description", description);
    }
    JsonValue schema = fields.require("input_schema");
    schema.fields();
    function.set("parameters", schema.node());
    if (fields.flag("strict", false)) {
      function.put("strict", true);
    }
    fields.finish();
    return tool;
  }

  private static void writeChoice(JsonValue choice, ObjectNode to) {
    JsonFields fields = choice.fields();
    switch (fields.require("type").oneOf("auto", "any", "tool", "none")) {
      case "any" -> to.put("tool_choice", "required");
      case "tool" ->
          to.putObject("tool_choice")
              .put("type", "function")
              .putObject("function")
              .put("name", fields.require("name").string());
      case String plain -> to.put("tool_choice", plain);
    }
    if (fields.flag("disable_parallel_tool_use", false)) {
      to.put("parallel_tool_calls", false);
    }
    fields.finish();
  }
}
