package io.fullbore.http.wire;

import io.fullbore.serving.ToolOffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads {@code tools}, {@code tool_choice} and {@code parallel_tool_calls} of a chat. */
final class ToolsReader {
  private ToolsReader() {}

  /** None where none may be called. */
  static ToolOffer read(JsonFields fields) {
    List<Map<String, Object>> definitions = new ArrayList<>();
    fields.elements("tools").forEach(tool -> definitions.add(definition(tool)));
    boolean parallel = fields.flag("parallel_tool_calls", true);
    return mayCall(fields) ? new ToolOffer(definitions, parallel) : ToolOffer.NONE;
  }

  private static Map<String, Object> definition(JsonValue tool) {
    JsonFields inner = tool.fields();
    JsonValue type = inner.require("type");
    if (!type.string().equals("function")) {
      throw type.unsupportedValue("only tools of type 'function' are supported here.");
    }
    JsonFields function = inner.require("function").fields();
    function.require("name").string();
    function.string("description");
    JsonValue parameters = function.get("parameters");
    if (parameters != null) {
      parameters.fields();
    }
    function.flag("strict", false);
    function.finish();
    inner.finish();
    return tool.map();
  }

  /** Whether the model may call tools; that it must is not possible. */
  private static boolean mayCall(JsonFields fields) {
    JsonValue choice = fields.get("tool_choice");
    if (choice == null) {
      return true;
    }
    if (choice.node().isObject() || choice.node().asText().equals("required")) {
      throw choice.unsupportedValue(
          "the model cannot be forced to call a tool here; use 'auto' or 'none'.");
    }
    return choice.oneOf("none", "auto").equals("auto");
  }
}
