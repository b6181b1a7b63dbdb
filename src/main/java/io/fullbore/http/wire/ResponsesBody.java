package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * Translates the body of {@code /v1/responses} into that of a chat completion. What cannot be asked
 * here is refused by its name; labels, and what is asked for anyway, change nothing.
 */
final class ResponsesBody {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final JsonFields fields;
  private final ObjectNode to = JSON.objectNode();

  private ResponsesBody(JsonFields fields) {
    this.fields = fields;
  }

  /**
   * @param earlier items of the conversation before this request's
   * @param local whether the form is for a local model
   */
  static ObjectNode chat(JsonValue body, ArrayNode earlier, boolean local) {
    var translation = new ResponsesBody(body.fields());
    translation.write(earlier, local);
    return translation.to;
  }

  private void write(ArrayNode earlier, boolean local) {
    to.put("model", fields.require("model").string());
    var chat = new ResponsesInput(local);
    String instructions = fields.string("instructions");
    if (instructions != null && !instructions.isEmpty()) {
      chat.instructions(instructions);
    }
    new JsonValue("previous_response_id", earlier).elements().forEach(chat::item);
    chat.input(fields.require("input"));
    to.set("messages", chat.messages());
    writeTools();
    JsonValue tokens = fields.get("max_output_tokens");
    if (tokens != null) {
      to.put("max_completion_tokens", tokens.integer(1, SamplingReader.MAX_TOKENS));
    }
    copy("temperature", "top_p", "parallel_tool_calls", "user", "safety_identifier");
    copy("prompt_cache_key");
    if (fields.flag("stream", false)) {
      to.put("stream", true).putObject("stream_options").put("include_usage", true);
    }
    writeText();
    writeReasoning();
    checkOthers();
    fields.finish();
  }

  private void copy(String... names) {
    for (String name : names) {
      JsonValue value = fields.get(name);
      if (value != null) {
        to.set(name, value.node());
      }
    }
  }

  private void writeTools() {
    ArrayNode tools = JSON.arrayNode();
    fields.elements("tools").forEach(tool -> tools.add(tool(tool)));
    if (!tools.isEmpty()) {
      to.set("tools", tools);
    }
    JsonValue choice = fields.get("tool_choice");
    if (choice == null) {
      return;
    }
    if (choice.node().isTextual()) {
      to.put("tool_choice", choice.oneOf("none", "auto", "required"));
      return;
    }
    JsonFields function = choice.fields();
    function.require("type").oneOf("function");
    to.putObject("tool_choice")
        .put("type", "function")
        .putObject("function")
        .put("name", function.require("name").string());
    function.finish();
  }

  private static ObjectNode tool(JsonValue value) {
    JsonFields fields = value.fields();
    JsonValue type = fields.require("type");
    if (!type.string().equals("function")) {
      throw type.unsupportedValue("only tools of type 'function' are supported here.");
    }
    ObjectNode function = JSON.objectNode().put("name", fields.require("name").string());
    String description = fields.string("description");
    if (description != null) {
      function.put("description", description);
    }
    JsonValue parameters = fields.get("parameters");
    if (parameters != null) {
      parameters.fields();
      function.set("parameters", parameters.node());
    }
    if (fields.flag("strict", false)) {
      function.put("strict", true);
    }
    fields.finish();
    ObjectNode tool = JSON.objectNode().put("type", "function");
    tool.set("function", function);
    return tool;
  }

  private void writeText() {
    JsonValue text = fields.get("text");
    if (text == null) {
      return;
    }
    JsonFields inner = text.fields();
    JsonValue verbosity = inner.get("verbosity");
    if (verbosity != null && !verbosity.oneOf("low", "medium", "high").equals("medium")) {
      to.put("verbosity", verbosity.string());
    }
    JsonValue format = inner.get("format");
    if (format != null) {
      writeFormat(format.fields());
    }
    inner.finish();
  }

  private void writeFormat(JsonFields format) {
    switch (format.require("type").oneOf("text", "json_object", "json_schema")) {
      case "json_object" -> to.putObject("response_format").put("type", "json_object");
      case "json_schema" -> {
        ObjectNode wanted = to.putObject("response_format").put("type", "json_schema");
        ObjectNode schema = wanted.putObject("json_schema");
        schema.put("name", format.require("name").string());
        for (String name : List.of("description", "schema", "strict")) {
          JsonValue value = format.get(name);
          if (value != null) {
            schema.set(name, value.node());
          }
        }
      }
      default -> {} // as it is anyway
    }
    format.finish();
  }

  private void writeReasoning() {
    JsonValue reasoning = fields.get("reasoning");
    if (reasoning != null) {
      JsonFields inner = reasoning.fields();
      String effort = inner.string("effort");
      if (effort != null) {
        to.put("reasoning_effort", effort);
      }
      inner.refuse("summary", "generate_summary");
      inner.finish();
    }
  }

  private void checkOthers() {
    fields.flag("store", true);
    fields.string("previous_response_id");
    JsonValue metadata = fields.get("metadata");
    if (metadata != null) {
      metadata.fields();
    }
    JsonValue options = fields.get("stream_options");
    if (options != null) {
      JsonFields inner = options.fields();
      inner.ignore("include_obfuscation");
      inner.finish();
    }
    if (fields.flag("background", false)) {
      throw fields.require("background").unsupportedValue("answers are given at once here.");
    }
    JsonValue truncation = fields.get("truncation");
    if (truncation != null && !truncation.oneOf("disabled", "auto").equals("disabled")) {
      throw truncation.unsupportedValue("nothing is cut here; use 'disabled'.");
    }
    JsonValue tier = fields.get("service_tier");
    if (tier != null) {
      tier.oneOf("auto", "default");
    }
    for (JsonValue included : fields.elements("include")) {
      if (!included.string().equals("reasoning.encrypted_content")) { // of which there is none
        throw included.unsupportedValue("it cannot be included here.");
      }
    }
    fields.integer("top_logprobs", 0, 0, 0);
    fields.refuse("conversation", "prompt", "max_tool_calls");
  }
}
