package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Translates the body of a chat completion into that of Anthropic's {@code /v1/messages}, version
 * 2023-06-01. Made for one translation.
 *
 * <p>Nothing that shapes an answer is dropped: what has no counterpart is a {@link MisfitException}
 * unless its value asks for nothing, such as {@code logprobs: false}. Dropped are labels, which say
 * what a request is for. Fields that only Anthropic's API has are passed on as they are, and win
 * over OpenAI's where both say something.
 *
 * <ul>
 *   <li>Anthropic's temperature ends at 1. What lies above is a misfit: capping or scaling it would
 *       answer another request than the one made. The defaults of {@code temperature} and {@code
 *       top_p} are left out: some models take not both, and some take neither.
 *   <li>{@code reasoning_effort} becomes adaptive thinking with that effort, as models since Opus
 *       4.6 and Sonnet 4.6 want it. For older ones callers give a budget in {@code thinking}, which
 *       newer ones refuse; which model is which is not known here.
 *   <li>{@code response_format} with a schema becomes {@code output_config.format}.
 * </ul>
 */
final class AnthropicRequest {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** What is translated by itself, and labels. */
  private static final Set<String> LEFT_OUT =
      Set.of(
          "model",
          "messages",
          "max_tokens",
          "max_completion_tokens",
          "stream",
          "stream_options",
          "tools",
          "tool_choice",
          "parallel_tool_calls",
          "safety_identifier",
          "prompt_cache_key",
          "prompt_cache_retention");

  /** Anthropic's own. */
  private static final Set<String> PASSED =
      Set.of("thinking", "cache_control", "container", "inference_geo");

  /** Values that ask for nothing, of parameters that have no counterpart. */
  private static final Map<String, JsonNode> NEUTRAL =
      Map.ofEntries(
          Map.entry("n", JSON.numberNode(1)),
          Map.entry("logprobs", JSON.booleanNode(false)),
          Map.entry("top_logprobs", JSON.numberNode(0)),
          Map.entry("logit_bias", JSON.objectNode()),
          Map.entry("presence_penalty", JSON.numberNode(0)),
          Map.entry("frequency_penalty", JSON.numberNode(0)),
          Map.entry("repetition_penalty", JSON.numberNode(1)),
          Map.entry("min_p", JSON.numberNode(0)),
          Map.entry("stop_token_ids", JSON.arrayNode()),
          Map.entry("ignore_eos", JSON.booleanNode(false)),
          Map.entry("store", JSON.booleanNode(false)),
          Map.entry("verbosity", JSON.textNode("medium")),
          Map.entry("modalities", JSON.arrayNode().add("text")),
          Map.entry("chat_template_kwargs", JSON.objectNode()),
          Map.entry("return_tokens_as_token_ids", JSON.booleanNode(false)));

  private final RequestField body;
  private final ObjectNode to = JSON.objectNode();

  private AnthropicRequest(ObjectNode body) {
    this.body = new RequestField("", body);
  }

  /**
   * @param model as the upstream calls it
   * @param maxAnswerTokens where the caller states none: the API must be told
   * @return a new object that shares nothing with the call
   * @throws MisfitException where the API cannot be asked this
   */
  static ObjectNode translate(ForwardedCall call, String model, int maxAnswerTokens) {
    var request = new AnthropicRequest(call.body());
    Integer stated = call.maxAnswerTokens();
    request.to.put("model", model).put("max_tokens", stated == null ? maxAnswerTokens : stated);
    if (call.stream()) {
      request.to.put("stream", true);
    }
    AnthropicTurns.write(request.body.field("messages"), request.to);
    AnthropicTools.write(request.body, request.to);
    request.body.names().forEach(request::write);
    request.checkEffort();
    return request.to;
  }

  private void write(String name) {
    RequestField field = body.field(name);
    switch (name) {
      case "temperature" -> writeTemperature(field);
      case "top_p" -> writeUnlessOne("top_p", field);
      case "top_k" -> writeTopK(field);
      case "stop" -> writeStop(field);
      case "user" -> writeUser(field);
      case "metadata" -> writeMetadata(field);
      case "service_tier" -> to.put("service_tier", serviceTier(field));
      case "reasoning_effort" -> writeEffort(field);
      case "response_format" -> writeFormat(field);
      case "output_config" -> writeOutput(field);
      default -> {
        if (PASSED.contains(name)) {
          to.set(name, field.json().deepCopy());
        } else if (!LEFT_OUT.contains(name) && !isNeutral(name, field.json())) {
          throw field.unsupported();
        }
      }
    }
  }

  private static boolean isNeutral(String name, JsonNode value) {
    JsonNode neutral = NEUTRAL.get(name);
    return neutral != null
        && (neutral.isNumber() && value.isNumber()
            ? neutral.doubleValue() == value.doubleValue()
            : neutral.equals(value));
  }

  private void writeTemperature(RequestField temperature) {
    if (temperature.number() > 1) {
      throw temperature.unsupportedValue("this model's API takes at most 1.");
    }
    writeUnlessOne("temperature", temperature);
  }

  private void writeUnlessOne(String name, RequestField number) {
    if (number.number() != 1) {
      to.set(name, number.json());
    }
  }

  /** 0 and -1 ask for all tokens, as no value does. */
  private void writeTopK(RequestField topK) {
    if (topK.number() > 0) {
      to.set("top_k", topK.json());
    }
  }

  private void writeStop(RequestField stop) {
    ArrayNode sequences = JSON.arrayNode();
    for (RequestField text : stop.isText() ? List.of(stop) : stop.elements()) {
      if (text.text().isBlank()) {
        throw text.unsupportedValue("this model's API takes no blank stop strings.");
      }
      sequences.add(text.text());
    }
    if (!sequences.isEmpty()) {
      to.set("stop_sequences", sequences);
    }
  }

  private void writeUser(RequestField user) {
    if (!user.text().isEmpty()) {
      to.withObjectProperty("metadata").putIfAbsent("user_id", user.json());
    }
  }

  /** Only {@code user_id} has a counterpart; the others are labels. */
  private void writeMetadata(RequestField metadata) {
    metadata.require(metadata.json().isObject(), "an object");
    RequestField user = metadata.field("user_id");
    if (!user.isAbsent()) {
      to.withObjectProperty("metadata").put("user_id", user.text());
    }
  }

  private static String serviceTier(RequestField tier) {
    return switch (tier.text()) {
      case "auto" -> "auto";
      case "default", "standard_only" -> "standard_only";
      default -> throw tier.unsupportedValue("expected 'auto' or 'default'.");
    };
  }

  private void writeEffort(RequestField effort) {
    switch (effort.text()) {
      case "none" -> to.putIfAbsent("thinking", JSON.objectNode().put("type", "disabled"));
      case "low", "medium", "high", "xhigh", "max" -> {
        to.putIfAbsent("thinking", JSON.objectNode().put("type", "adaptive"));
        to.withObjectProperty("output_config").putIfAbsent("effort", effort.json());
      }
      default -> throw effort.unsupportedValue("expected none, low, medium, high, xhigh or max.");
    }
  }

  private void writeFormat(RequestField format) {
    RequestField type = format.field("type");
    switch (type.text()) {
      case "text" -> format.hasOnly(Set.of("type"));
      case "json_schema" -> {
        format.hasOnly(Set.of("type", "json_schema"));
        RequestField wanted = format.field("json_schema");
        wanted.hasOnly(Set.of("name", "schema", "strict")); // name and strictness change nothing
        RequestField schema = wanted.field("schema");
        schema.require(schema.json().isObject(), "an object");
        ObjectNode translated = JSON.objectNode().put("type", "json_schema");
        translated.set("schema", schema.json().deepCopy());
        to.withObjectProperty("output_config").putIfAbsent("format", translated);
      }
      default -> throw type.unsupportedValue("expected 'text' or 'json_schema'.");
    }
  }

  private void writeOutput(RequestField config) {
    for (String name : config.names()) {
      to.withObjectProperty("output_config").set(name, config.field(name).json().deepCopy());
    }
  }

  /** Refuses what the API does not take together with thinking. */
  private void checkEffort() {
    boolean adaptive = to.path("thinking").path("type").asText().equals("adaptive");
    if (body.field("reasoning_effort").isAbsent() || !adaptive) {
      return;
    }
    for (String name : List.of("temperature", "top_k")) {
      if (to.has(name)) {
        throw body.field(name)
            .unsupportedValue("this model's API takes it only without 'reasoning_effort'.");
      }
    }
    if (AnthropicTools.isForced(to.path("tool_choice"))) {
      throw body.field("tool_choice")
          .unsupportedValue("this model's API forces calls only without 'reasoning_effort'.");
    }
  }
}
