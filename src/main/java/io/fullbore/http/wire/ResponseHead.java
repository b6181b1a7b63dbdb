package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.core.Usage;
import org.jspecify.annotations.Nullable;

/**
 * What every object of one response says of it, beside what was answered: its name, and what was
 * asked.
 *
 * @param id {@code resp_…}
 */
public record ResponseHead(String id, long createdEpochSeconds, ResponsesRequest request) {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /**
   * The object {@code response}.
   *
   * @param output the items of the answer so far
   * @param incomplete why the answer is not complete, or null
   * @param error what went wrong, or null
   * @param usage null until the answer has ended
   */
  ObjectNode json(
      String status,
      ArrayNode output,
      @Nullable String incomplete,
      @Nullable ObjectNode error,
      @Nullable Usage usage) {
    ObjectNode json = JSON.objectNode();
    json.put("id", id).put("object", "response").put("created_at", createdEpochSeconds);
    json.put("status", status).put("background", false).set("error", error);
    json.set("incomplete_details", incomplete == null ? null : reason(incomplete));
    echo(json, "instructions", JSON.nullNode());
    echo(json, "max_output_tokens", JSON.nullNode());
    echo(json, "metadata", JSON.objectNode());
    echo(json, "model", JSON.nullNode());
    json.set("output", output.deepCopy());
    echo(json, "parallel_tool_calls", JSON.booleanNode(true));
    echo(json, "previous_response_id", JSON.nullNode());
    echo(json, "reasoning", JSON.objectNode().putNull("effort").putNull("summary"));
    json.put("service_tier", "default").put("store", request.store());
    echo(json, "temperature", JSON.numberNode(1.0));
    ObjectNode text = JSON.objectNode();
    text.putObject("format").put("type", "text");
    echo(json, "text", text);
    echo(json, "tool_choice", JSON.textNode("auto"));
    echo(json, "tools", JSON.arrayNode());
    echo(json, "top_p", JSON.numberNode(1.0));
    json.put("truncation", "disabled").set("usage", usage == null ? null : usage(usage));
    echo(json, "user", JSON.nullNode());
    return json;
  }

  private void echo(ObjectNode json, String name, JsonNode unsaid) {
    JsonNode said = request.body().path(name);
    json.set(name, said.isMissingNode() || said.isNull() ? unsaid : said);
  }

  private static ObjectNode reason(String incomplete) {
    return JSON.objectNode().put("reason", incomplete);
  }

  private static ObjectNode usage(Usage usage) {
    ObjectNode json = JSON.objectNode().put("input_tokens", usage.promptTokens());
    json.putObject("input_tokens_details").put("cached_tokens", usage.cachedTokens());
    json.put("output_tokens", usage.completionTokens());
    json.putObject("output_tokens_details").put("reasoning_tokens", usage.reasoningTokens());
    return json.put("total_tokens", usage.totalTokens());
  }
}
