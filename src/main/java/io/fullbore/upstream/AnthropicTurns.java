package io.fullbore.upstream;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The turns of a chat as Anthropic's API takes them, made of OpenAI's {@code messages}:
 *
 * <ul>
 *   <li>What system and developer messages say stands before all turns, wherever it stood: there is
 *       one system prompt.
 *   <li>The results of tools are the user's. Messages of one role that follow each other are one
 *       turn, so the results of parallel calls come together, as they must.
 *   <li>Blank texts are left out, which the API refuses; a message that says nothing else is a
 *       misfit.
 *   <li>{@code thinking_blocks} of an earlier answer go back as they came. {@code
 *       reasoning_content} does not: thinking without its signature is not taken.
 * </ul>
 */
final class AnthropicTurns {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** As deep as a request may be, and so no deeper than can be sent. */
  private static final int MAX_NESTING = 200;

  /** Keeps numbers as they are written. */
  private static final ObjectMapper ARGUMENTS =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_NESTING).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private static final Pattern CALL_ID = Pattern.compile("[A-Za-z0-9_-]+");

  private final ArrayNode system = JSON.arrayNode();
  private final ArrayNode turns = JSON.arrayNode();

  /**
   * @param messages the request's
   * @param to gets {@code system} and {@code messages}
   */
  static void write(RequestField messages, ObjectNode to) {
    var chat = new AnthropicTurns();
    messages.require(messages.json().isArray(), "an array");
    messages.elements().forEach(chat::add);
    if (chat.turns.isEmpty()) {
      throw messages.unsupportedValue("expected a message of the user.");
    }
    if (!chat.system.isEmpty()) {
      to.set("system", chat.system);
    }
    to.set("messages", chat.turns);
  }

  private void add(RequestField message) {
    message.require(message.json().isObject(), "an object");
    RequestField role = message.field("role");
    switch (role.text()) {
      case "system", "developer" -> {
        message.hasOnly(Set.of("role", "content"));
        system.addAll(blocks(message.field("content"), false));
      }
      case "user" -> {
        message.hasOnly(Set.of("role", "content"));
        add("user", blocks(message.field("content"), true), message);
      }
      case "assistant" -> add("assistant", assistant(message), message);
      case "tool" -> add("user", JSON.arrayNode().add(result(message)), message);
      default -> throw role.unsupportedValue("this model's API knows no such role.");
    }
  }

  private void add(String role, ArrayNode blocks, RequestField message) {
    if (blocks.isEmpty()) {
      throw message.field("content").unsupportedValue("this model's API takes no empty message.");
    }
    JsonNode last = turns.path(turns.size() - 1);
    if (last instanceof ObjectNode turn && turn.path("role").asText().equals(role)) {
      turn.withArrayProperty("content").addAll(blocks);
    } else {
      turns.addObject().put("role", role).set("content", blocks);
    }
  }

  private static ArrayNode assistant(RequestField message) {
    message.hasOnly(
        Set.of(
            "role",
            "content",
            "refusal",
            "tool_calls",
            "annotations",
            "reasoning_content",
            "thinking_blocks"));
    ArrayNode blocks = JSON.arrayNode();
    for (RequestField thinking : message.field("thinking_blocks").elements()) {
      thinking.require(thinking.json().isObject(), "an object");
      blocks.add(thinking.json().deepCopy());
    }
    for (String name : new String[] {"content", "refusal"}) {
      if (!message.field(name).isAbsent()) {
        blocks.addAll(blocks(message.field(name), false));
      }
    }
    message.field("tool_calls").elements().forEach(call -> blocks.add(call(call)));
    return blocks;
  }

  private static ObjectNode call(RequestField call) {
    call.hasOnly(Set.of("id", "type", "index", "function"));
    RequestField type = call.field("type");
    if (!type.isAbsent() && !type.text().equals("function")) {
      throw type.unsupportedValue("only calls of functions can be passed on.");
    }
    RequestField function = call.field("function");
    function.hasOnly(Set.of("name", "arguments"));
    ObjectNode block =
        JSON.objectNode()
            .put("type", "tool_use")
            .put("id", callId(call.field("id")))
            .put("name", function.field("name").text());
    block.set("input", arguments(function.field("arguments")));
    return block;
  }

  /** An empty text is how some servers say that there are none. */
  private static JsonNode arguments(RequestField arguments) {
    String text = arguments.text();
    if (text.isBlank()) {
      return JSON.objectNode();
    }
    try {
      JsonNode input = ARGUMENTS.readTree(text);
      if (input.isObject()) {
        return input;
      }
    } catch (JsonProcessingException e) {
      // A model may have written anything: the same as what is no object.
    }
    throw arguments.unsupportedValue("this model's API takes a JSON object only.");
  }

  private static ObjectNode result(RequestField message) {
    message.hasOnly(Set.of("role", "content", "tool_call_id", "name"));
    ObjectNode block =
        JSON.objectNode()
            .put("type", "tool_result")
            .put("tool_use_id", callId(message.field("tool_call_id")));
    ArrayNode content = blocks(message.field("content"), true);
    if (!content.isEmpty()) {
      block.set("content", content);
    }
    return block;
  }

  private static String callId(RequestField id) {
    if (!CALL_ID.matcher(id.text()).matches()) {
      throw id.unsupportedValue("expected letters, digits, '_' and '-' only.");
    }
    return id.text();
  }

  /** The blocks of a string or of parts, without blank texts. */
  private static ArrayNode blocks(RequestField content, boolean images) {
    ArrayNode blocks = JSON.arrayNode();
    if (content.isText()) {
      text(content).ifPresent(blocks::add);
      return blocks;
    }
    content.require(content.json().isArray(), "a string or an array of parts");
    content.elements().forEach(part -> block(part, images).ifPresent(blocks::add));
    return blocks;
  }

  private static Optional<ObjectNode> block(RequestField part, boolean images) {
    RequestField type = part.field("type");
    String name = type.text();
    boolean image = name.equals("image_url") && images;
    if (!image && !name.equals("text") && !name.equals("refusal")) {
      throw type.unsupportedValue("parts of this type cannot be passed on here.");
    }
    part.hasOnly(Set.of("type", name, "cache_control"));
    Optional<ObjectNode> block =
        image ? Optional.of(AnthropicImage.block(part.field(name))) : text(part.field(name));
    RequestField marker = part.field("cache_control");
    if (!marker.isAbsent()) {
      block.ifPresent(object -> object.set("cache_control", marker.json().deepCopy()));
    }
    return block;
  }

  private static Optional<ObjectNode> text(RequestField text) {
    return text.text().isBlank()
        ? Optional.empty()
        : Optional.of(JSON.objectNode().put("type", "text").put("text", text.text()));
  }
}
