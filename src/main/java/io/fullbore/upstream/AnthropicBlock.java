package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/**
 * A content block of Anthropic's API. Says what each of its pieces adds to OpenAI's {@code delta};
 * what is malformed is an {@link IllegalArgumentException}. In a whole answer the start is all.
 */
sealed interface AnthropicBlock {
  /** What the start adds. */
  Optional<ObjectNode> start(JsonNode block);

  /** What a later piece adds; pieces of unknown types add nothing. */
  default Optional<ObjectNode> piece(JsonNode delta) {
    return Optional.empty();
  }

  /** What the end adds. */
  default Optional<ObjectNode> stop() {
    return Optional.empty();
  }

  /**
   * A block that starts.
   *
   * @param callIndex its place among the calls of tools, if it is one
   */
  static AnthropicBlock of(String type, int callIndex) {
    return switch (type) {
      case "text" -> new Text();
      case "thinking" -> new Thinking();
      case "redacted_thinking" -> new RedactedThinking();
      case "tool_use" -> new ToolUse(callIndex);
      default -> new Unknown();
    };
  }

  private static Optional<ObjectNode> added(String field, String text) {
    return text.isEmpty()
        ? Optional.empty()
        : Optional.of(JsonNodeFactory.instance.objectNode().put(field, text));
  }

  private static Optional<ObjectNode> addedThinking(ObjectNode block) {
    ObjectNode delta = JsonNodeFactory.instance.objectNode();
    delta.putArray("thinking_blocks").add(block);
    return Optional.of(delta);
  }

  /** Becomes {@code content}. Citations have no place there. */
  final class Text implements AnthropicBlock {
    @Override
    public Optional<ObjectNode> start(JsonNode block) {
      return added("content", AnswerFields.text(block, "text"));
    }

    @Override
    public Optional<ObjectNode> piece(JsonNode delta) {
      return AnswerFields.text(delta, "type").equals("text_delta")
          ? added("content", AnswerFields.text(delta, "text"))
          : Optional.empty();
    }
  }

  /**
   * Becomes {@code reasoning_content}; and with its signature {@code thinking_blocks}, which the
   * caller sends back between calls of tools, where a thinking model wants its thoughts.
   */
  final class Thinking implements AnthropicBlock {
    private final StringBuilder thinking = new StringBuilder();
    private String signature = "";

    @Override
    public Optional<ObjectNode> start(JsonNode block) {
      if (block.hasNonNull("signature")) {
        signature = AnswerFields.text(block, "signature");
      }
      return think(AnswerFields.text(block, "thinking"));
    }

    @Override
    public Optional<ObjectNode> piece(JsonNode delta) {
      return switch (AnswerFields.text(delta, "type")) {
        case "thinking_delta" -> think(AnswerFields.text(delta, "thinking"));
        case "signature_delta" -> {
          signature = AnswerFields.text(delta, "signature");
          yield Optional.empty();
        }
        default -> Optional.empty();
      };
    }

    private Optional<ObjectNode> think(String text) {
      thinking.append(text);
      return added("reasoning_content", text);
    }

    @Override
    public Optional<ObjectNode> stop() {
      return signature.isEmpty()
          ? Optional.empty()
          : addedThinking(
              JsonNodeFactory.instance
                  .objectNode()
                  .put("type", "thinking")
                  .put("thinking", thinking.toString())
                  .put("signature", signature));
    }
  }

  /** Thoughts that only the API can read; becomes {@code thinking_blocks}. */
  final class RedactedThinking implements AnthropicBlock {
    @Override
    public Optional<ObjectNode> start(JsonNode block) {
      return addedThinking(
          JsonNodeFactory.instance
              .objectNode()
              .put("type", "redacted_thinking")
              .put("data", AnswerFields.text(block, "data")));
    }
  }

  /** Becomes one of {@code tool_calls}: its first piece names it, the others are arguments. */
  final class ToolUse implements AnthropicBlock {
    private final int callIndex;
    private boolean hasArguments;

    private ToolUse(int callIndex) {
      this.callIndex = callIndex;
    }

    /** A stream starts with an empty input, and gives it in pieces. */
    @Override
    public Optional<ObjectNode> start(JsonNode block) {
      JsonNode input = AnswerFields.object(block, "input");
      hasArguments = !input.isEmpty();
      ObjectNode call = JsonNodeFactory.instance.objectNode();
      call.put("index", callIndex);
      call.put("id", AnswerFields.text(block, "id"));
      call.put("type", "function");
      call.putObject("function")
          .put("name", AnswerFields.text(block, "name"))
          .put("arguments", hasArguments ? input.toString() : "");
      return addedCall(call);
    }

    @Override
    public Optional<ObjectNode> piece(JsonNode delta) {
      if (!AnswerFields.text(delta, "type").equals("input_json_delta")) {
        return Optional.empty();
      }
      String arguments = AnswerFields.text(delta, "partial_json");
      return arguments.isEmpty() ? Optional.empty() : addedArguments(arguments);
    }

    /** An input without fields may come without pieces; arguments are JSON all the same. */
    @Override
    public Optional<ObjectNode> stop() {
      return hasArguments ? Optional.empty() : addedArguments("{}");
    }

    private Optional<ObjectNode> addedArguments(String arguments) {
      hasArguments = true;
      ObjectNode call = JsonNodeFactory.instance.objectNode().put("index", callIndex);
      call.putObject("function").put("arguments", arguments);
      return addedCall(call);
    }

    private static Optional<ObjectNode> addedCall(ObjectNode call) {
      ObjectNode delta = JsonNodeFactory.instance.objectNode();
      delta.putArray("tool_calls").add(call);
      return Optional.of(delta);
    }
  }

  /** What later versions may add, and what only Anthropic's own tools answer. */
  final class Unknown implements AnthropicBlock {
    @Override
    public Optional<ObjectNode> start(JsonNode block) {
      return Optional.empty();
    }
  }
}
