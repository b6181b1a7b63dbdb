package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * Makes the {@code messages} of a chat from the turns of Anthropic's API: the results of tools,
 * which are the user's there, become messages of their own.
 */
final class AnthropicTurns {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final boolean local;
  private final ArrayNode messages = JSON.arrayNode();

  /**
   * @param local whether the chat is for a local model, which takes no images and begins its
   *     answers itself
   */
  AnthropicTurns(boolean local) {
    this.local = local;
  }

  ArrayNode messages() {
    return messages;
  }

  void system(JsonValue system) {
    if (system.node().isTextual()) {
      if (!system.string().isEmpty()) {
        add("system").put("content", system.string());
      }
      return;
    }
    system.require(system.node().isArray(), "a string or an array of blocks");
    ArrayNode parts = JSON.arrayNode();
    for (JsonValue block : system.elements()) {
      JsonFields fields = block.fields();
      fields.require("type").oneOf("text");
      addText(parts, fields);
    }
    if (!parts.isEmpty()) {
      add("system").set("content", parts);
    }
  }

  void turns(JsonValue array) {
    List<JsonValue> turns = array.elements();
    if (turns.isEmpty()) {
      throw array.invalid("expected at least one message.");
    }
    turns.forEach(this::turn);
    JsonValue last = turns.getLast();
    if (local && last.fields().require("role").string().equals("assistant")) {
      throw last.field("role")
          .unsupportedValue("the beginning of an answer cannot be given here; end with the user.");
    }
  }

  private void turn(JsonValue turn) {
    JsonFields fields = turn.fields();
    boolean user = fields.require("role").oneOf("user", "assistant").equals("user");
    JsonValue content = fields.require("content");
    fields.finish();
    if (content.node().isTextual()) {
      add(user ? "user" : "assistant").put("content", content.string());
      return;
    }
    content.require(content.node().isArray(), "a string or an array of blocks");
    if (user) {
      user(content);
    } else {
      assistant(content);
    }
  }

  private void user(JsonValue content) {
    ArrayNode parts = JSON.arrayNode();
    int before = messages.size();
    for (JsonValue block : content.elements()) {
      if (block.field("type").node().asText().equals("tool_result")) {
        flush(parts);
        result(block);
      } else {
        addPart(parts, block);
      }
    }
    flush(parts);
    if (messages.size() == before) {
      throw content.invalid("expected at least one block.");
    }
  }

  private void flush(ArrayNode parts) {
    if (!parts.isEmpty()) {
      add("user").set("content", parts.deepCopy());
      parts.removeAll();
    }
  }

  /** Whether the tool failed is left to what it says. */
  private void result(JsonValue block) {
    JsonFields fields = block.fields();
    fields.ignore("type", "cache_control");
    fields.flag("is_error", false);
    ObjectNode message = add("tool");
    message.put("tool_call_id", fields.require("tool_use_id").string());
    JsonValue content = fields.get("content");
    if (content == null || content.node().isArray() && content.node().isEmpty()) {
      message.put("content", "");
    } else if (content.node().isTextual()) {
      message.put("content", content.string());
    } else {
      content.require(content.node().isArray(), "a string or an array of blocks");
      ArrayNode parts = message.putArray("content");
      content.elements().forEach(part -> addPart(parts, part));
    }
    fields.finish();
  }

  /** Thoughts go back to a local model; others want theirs signed, as they are in no chat. */
  private void assistant(JsonValue content) {
    ArrayNode parts = JSON.arrayNode();
    ArrayNode calls = JSON.arrayNode();
    StringBuilder thoughts = new StringBuilder();
    for (JsonValue block : content.elements()) {
      JsonFields fields = block.fields();
      JsonValue type = fields.require("type");
      switch (type.oneOf("text", "tool_use", "thinking", "redacted_thinking")) {
        case "text" -> addText(parts, fields);
        case "tool_use" -> calls.add(call(fields));
        case "thinking" -> thoughts.append(fields.require("thinking").string());
        default -> {} // only its author can read it
      }
    }
    ObjectNode message = add("assistant");
    if (!parts.isEmpty()) {
      message.set("content", parts);
    } else if (calls.isEmpty()) {
      message.put("content", "");
    }
    if (!calls.isEmpty()) {
      message.set("tool_calls", calls);
    }
    if (local && !thoughts.isEmpty()) {
      message.put("reasoning_content", thoughts.toString());
    }
  }

  private static ObjectNode call(JsonFields fields) {
    fields.ignore("cache_control", "caller");
    JsonValue input = fields.require("input");
    input.fields();
    ObjectNode call = JSON.objectNode().put("id", fields.require("id").string());
    call.put("type", "function")
        .putObject("function")
        .put("name", fields.require("name").string())
        .put("arguments", input.node().toString());
    fields.finish();
    return call;
  }

  private void addPart(ArrayNode parts, JsonValue block) {
    JsonFields fields = block.fields();
    JsonValue type = fields.require("type");
    switch (type.string()) {
      case "text" -> addText(parts, fields);
      case "image" -> {
        if (local) {
          throw type.unsupportedValue("the model sees no images here.");
        }
        fields.ignore("cache_control");
        parts
            .addObject()
            .put("type", "image_url")
            .putObject("image_url")
            .put("url", imageUrl(fields.require("source")));
        fields.finish();
      }
      case "document", "search_result" ->
          throw type.unsupportedValue(
              "blocks of type '%s' are not supported here.".formatted(type.string()));
      default -> type.oneOf("text", "image", "tool_result");
    }
  }

  private static String imageUrl(JsonValue source) {
    JsonFields fields = source.fields();
    String url =
        switch (fields.require("type").oneOf("base64", "url")) {
          case "url" -> fields.require("url").string();
          default ->
              "data:%s;base64,%s"
                  .formatted(
                      fields.require("media_type").string(), fields.require("data").string());
        };
    fields.finish();
    return url;
  }

  private static void addText(ArrayNode parts, JsonFields fields) {
    fields.ignore("type", "cache_control", "citations");
    parts.addObject().put("type", "text").put("text", fields.require("text").string());
    fields.finish();
  }

  private ObjectNode add(String role) {
    return messages.addObject().put("role", role);
  }
}
