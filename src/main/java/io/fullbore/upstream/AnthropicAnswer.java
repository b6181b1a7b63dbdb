package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One answer of Anthropic's messages API in OpenAI's form, of version 2023-06-01:
 *
 * <pre>
 *   stream := message_start block* message_delta+ message_stop
 *   block  := content_block_start content_block_delta* content_block_stop
 * </pre>
 *
 * <p>Pings and events of unknown types may stand anywhere, as the API's rules for new versions say.
 * Why an answer ended and what it used is told at {@code message_stop} only, so that an answer that
 * is cut has no end.
 */
final class AnthropicAnswer implements AnswerTranslator {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final long createdEpochSeconds;
  private final Map<Integer, AnthropicBlock> open = new HashMap<>();
  private final AnthropicUsage usage = new AnthropicUsage();
  private String id = "";
  private String model = "";
  private @Nullable String stopReason;
  private @Nullable String stopSequence;
  private int callCount;
  private boolean started;
  private boolean complete;

  AnthropicAnswer(long createdEpochSeconds) {
    this.createdEpochSeconds = createdEpochSeconds;
  }

  @Override
  public List<ObjectNode> event(JsonNode data) {
    String type = AnswerFields.text(data, "type");
    return switch (type) {
      case "message_start" -> start(data);
      case "content_block_start" -> startBlock(data);
      case "content_block_delta" ->
          chunks(openBlock(data).piece(AnswerFields.object(data, "delta")));
      case "content_block_stop" -> stopBlock(data);
      case "message_delta" -> {
        requireUnderWay(type);
        readEnd(AnswerFields.object(data, "delta"), AnswerFields.object(data, "usage"));
        yield List.of();
      }
      case "message_stop" -> stop();
      case "error" -> throw new IllegalArgumentException("the answer broke off with an error");
      default -> List.of();
    };
  }

  @Override
  public boolean complete() {
    return complete;
  }

  private List<ObjectNode> start(JsonNode data) {
    if (started) {
      throw new IllegalArgumentException("malformed stream: a second message_start");
    }
    started = true;
    JsonNode message = AnswerFields.object(data, "message");
    readHead(message);
    usage.read(AnswerFields.object(message, "usage"));
    ObjectNode delta = JSON.objectNode().put("role", "assistant").put("content", "");
    return List.of(chunk(delta.putNull("refusal"), null));
  }

  private List<ObjectNode> startBlock(JsonNode data) {
    requireUnderWay("content_block_start");
    int index = AnswerFields.count(data, "index");
    JsonNode content = AnswerFields.object(data, "content_block");
    AnthropicBlock block = block(content);
    if (open.put(index, block) != null) {
      throw new IllegalArgumentException(
          "malformed stream: content_block_start of index=%d, which is open".formatted(index));
    }
    return chunks(block.start(content));
  }

  private AnthropicBlock openBlock(JsonNode data) {
    int index = AnswerFields.count(data, "index");
    AnthropicBlock block = open.get(index);
    if (block == null) {
      throw new IllegalArgumentException(
          "malformed stream: %s of index=%d, which is not open"
              .formatted(AnswerFields.text(data, "type"), index));
    }
    return block;
  }

  private List<ObjectNode> stopBlock(JsonNode data) {
    AnthropicBlock block = openBlock(data);
    open.remove(AnswerFields.count(data, "index"));
    return chunks(block.stop());
  }

  private List<ObjectNode> stop() {
    requireUnderWay("message_stop");
    if (!open.isEmpty()) {
      throw new IllegalArgumentException(
          "malformed stream: message_stop, but index=%s is open".formatted(open.keySet()));
    }
    ObjectNode last = chunk(JSON.objectNode(), finishReason());
    nameStop((ObjectNode) last.path("choices").path(0));
    ObjectNode counts = head("chat.completion.chunk");
    counts.putArray("choices");
    counts.set("usage", usage.openAi());
    complete = true;
    return List.of(last, counts);
  }

  private void requireUnderWay(String type) {
    if (!started || complete) {
      throw new IllegalArgumentException(
          "malformed stream: %s %s"
              .formatted(type, started ? "after its end" : "before its start"));
    }
  }

  @Override
  public ObjectNode whole(JsonNode body) {
    if (!AnswerFields.text(body, "type").equals("message")) {
      throw new IllegalArgumentException(
          "malformed answer: expected type=message, but got type=%s"
              .formatted(body.path("type").asText()));
    }
    readHead(body);
    readEnd(body, AnswerFields.object(body, "usage"));
    var message = new JoinedMessage();
    for (JsonNode content : AnswerFields.array(body, "content")) {
      AnthropicBlock block = block(content);
      block.start(content).ifPresent(message::add);
      block.stop().ifPresent(message::add);
    }
    ObjectNode answer = head("chat.completion");
    ObjectNode choice = answer.putArray("choices").addObject().put("index", 0);
    choice.set("message", message.json());
    choice.putNull("logprobs").put("finish_reason", finishReason());
    nameStop(choice);
    answer.set("usage", usage.openAi());
    return answer;
  }

  private AnthropicBlock block(JsonNode content) {
    String type = AnswerFields.text(content, "type");
    return AnthropicBlock.of(type, type.equals("tool_use") ? callCount++ : callCount);
  }

  private void readHead(JsonNode message) {
    id = AnswerFields.text(message, "id");
    model = AnswerFields.text(message, "model");
  }

  private void readEnd(JsonNode end, JsonNode counts) {
    if (end.hasNonNull("stop_reason")) {
      stopReason = AnswerFields.text(end, "stop_reason");
    }
    if (end.hasNonNull("stop_sequence")) {
      stopSequence = AnswerFields.text(end, "stop_sequence");
    }
    usage.read(counts);
  }

  /** A reason that is not known yet ends an answer like any other. */
  private String finishReason() {
    return switch (stopReason) {
      case null -> throw new IllegalArgumentException("malformed answer: it has no stop_reason");
      case "max_tokens", "model_context_window_exceeded", "pause_turn" -> "length";
      case "tool_use" -> "tool_calls";
      case "refusal" -> "content_filter";
      default -> "stop";
    };
  }

  /** As vLLM does, beside OpenAI's fields. */
  private void nameStop(ObjectNode choice) {
    if (stopSequence != null) {
      choice.put("stop_reason", stopSequence);
    }
  }

  private List<ObjectNode> chunks(Optional<ObjectNode> delta) {
    return delta.map(added -> List.of(chunk(added, null))).orElse(List.of());
  }

  private ObjectNode chunk(ObjectNode delta, @Nullable String finishReason) {
    ObjectNode chunk = head("chat.completion.chunk");
    ObjectNode choice = chunk.putArray("choices").addObject().put("index", 0);
    choice.set("delta", delta);
    choice.putNull("logprobs").put("finish_reason", finishReason);
    return chunk;
  }

  private ObjectNode head(String object) {
    return JSON.objectNode()
        .put("id", id)
        .put("object", object)
        .put("created", createdEpochSeconds)
        .put("model", model);
  }
}
