package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The blocks of a whole message of Anthropic's API; texts that are empty are none. */
final class AnthropicContent {
  private final ArrayNode blocks = JsonNodeFactory.instance.arrayNode();

  /** A block as it came. */
  void block(JsonNode block) {
    blocks.add(block);
  }

  void thinking(String thinking) {
    if (!thinking.isEmpty()) {
      blocks.addObject().put("type", "thinking").put("thinking", thinking).put("signature", "");
    }
  }

  void text(String text) {
    if (!text.isEmpty()) {
      blocks.addObject().put("type", "text").put("text", text);
    }
  }

  /**
   * @param arguments JSON as text, as the model wrote it
   */
  void toolCall(String id, String name, String arguments) {
    ObjectNode block = blocks.addObject().put("type", "tool_use").put("id", id).put("name", name);
    block.set(
        "input",
        JsonText.tree(arguments) instanceof ObjectNode input
            ? input
            : JsonNodeFactory.instance.objectNode());
  }

  boolean isEmpty() {
    return blocks.isEmpty();
  }

  /** An array. */
  String json() {
    return blocks.toString();
  }
}
