package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * Makes the {@code messages} of a chat from the items of OpenAI's responses API. Calls that follow
 * each other, or a message of the assistant, are one message there. What a model thought before
 * does not go back to it.
 */
final class ResponsesInput {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final boolean local;
  private final ArrayNode messages = JSON.arrayNode();

  /**
   * @param local whether the chat is for a local model, which takes no images
   */
  ResponsesInput(boolean local) {
    this.local = local;
  }

  ArrayNode messages() {
    return messages;
  }

  /** An input as items: a string is a message of the user. */
  static ArrayNode items(JsonNode input) {
    ArrayNode items = JSON.arrayNode();
    if (input.isTextual()) {
      items.addObject().put("type", "message").put("role", "user").set("content", input);
    } else {
      input.forEach(items::add);
    }
    return items;
  }

  void instructions(String text) {
    add("developer").put("content", text);
  }

  void input(JsonValue input) {
    if (input.node().isTextual()) {
      add("user").put("content", input.string());
      return;
    }
    input.require(input.node().isArray(), "a string or an array of items");
    List<JsonValue> items = input.elements();
    if (items.isEmpty()) {
      throw input.invalid("expected at least one item.");
    }
    items.forEach(this::item);
  }

  void item(JsonValue item) {
    JsonFields fields = item.fields();
    fields.ignore("id", "status");
    JsonValue type = fields.get("type");
    switch (type == null ? "message" : type.string()) {
      case "message" -> message(fields);
      case "function_call" -> call(fields);
      case "function_call_output" -> {
        ObjectNode message = add("tool");
        message.put("tool_call_id", fields.require("call_id").string());
        message.set("content", content(fields.require("output")));
        fields.finish();
      }
      case "reasoning" -> {}
      case String other ->
          throw item.field("type")
              .unsupportedValue("items of type '%s' are not supported here.".formatted(other));
    }
  }

  private void message(JsonFields fields) {
    String role = fields.require("role").oneOf("user", "assistant", "system", "developer");
    add(role).set("content", content(fields.require("content")));
    fields.ignore("phase");
    fields.finish();
  }

  private void call(JsonFields fields) {
    JsonNode last = messages.path(messages.size() - 1);
    ObjectNode message =
        last instanceof ObjectNode before && before.path("role").asText().equals("assistant")
            ? before
            : add("assistant");
    ObjectNode call = message.withArrayProperty("tool_calls").addObject();
    call.put("id", fields.require("call_id").string()).put("type", "function");
    call.putObject("function")
        .put("name", fields.require("name").string())
        .put("arguments", fields.require("arguments").string());
    fields.finish();
  }

  private JsonNode content(JsonValue content) {
    if (content.node().isTextual()) {
      return content.node();
    }
    content.require(content.node().isArray(), "a string or an array of parts");
    if (content.node().isEmpty()) {
      return JSON.textNode("");
    }
    ArrayNode parts = JSON.arrayNode();
    content.elements().forEach(part -> parts.add(part(part)));
    return parts;
  }

  private ObjectNode part(JsonValue part) {
    JsonFields fields = part.fields();
    JsonValue type = fields.require("type");
    ObjectNode to = JSON.objectNode();
    switch (type.string()) {
      case "input_text", "output_text", "text" -> {
        fields.ignore("annotations", "logprobs");
        to.put("type", "text").put("text", fields.require("text").string());
      }
      case "refusal" ->
          to.put("type", "refusal").put("refusal", fields.require("refusal").string());
      case "input_image" -> {
        if (local) {
          throw type.unsupportedValue("the model sees no images here.");
        }
        ObjectNode image = to.put("type", "image_url").putObject("image_url");
        image.put("url", fields.require("image_url").string());
        String detail = fields.string("detail");
        if (detail != null) {
          image.put("detail", detail);
        }
      }
      case String other ->
          throw type.unsupportedValue(
              "parts of type '%s' are not supported here.".formatted(other));
    }
    fields.finish();
    return to;
  }

  private ObjectNode add(String role) {
    return messages.addObject().put("role", role);
  }
}
