package io.fullbore.http.wire;

import io.fullbore.serving.CompletionCall;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The parameters that chat and text completions share: how tokens are chosen, when an answer ends,
 * and how it is delivered.
 */
final class SamplingReader {
  static final int MAX_CHOICES = 128;
  static final int MAX_LOGPROBS = 20;

  /** No model has a longer context, and sums of two still fit an int. */
  static final int MAX_TOKENS = 1_000_000_000;

  private static final int MAX_STOPS = 16;
  private static final int MAX_STOP_CHARS = 512;
  private static final double MAX_PENALTY = 2;
  private static final double MAX_BIAS = 100;

  /** Logits are divided by it: far smaller ones would make them infinite. */
  private static final double MIN_REPETITION = 0.01;

  private static final double MAX_REPETITION = 10;

  private final JsonFields fields;

  SamplingReader(JsonFields fields) {
    this.fields = fields;
  }

  CompletionCall.Sampling sampling(int topLogprobs, int promptLogprobs) {
    JsonValue seed = fields.get("seed");
    return new CompletionCall.Sampling(
        fields.number("temperature", 1, 0, 2),
        Math.max(0, fields.integer("top_k", 0, -1, Integer.MAX_VALUE)),
        topP(),
        fields.number("min_p", 0, 0, 1),
        fields.number("presence_penalty", 0, -MAX_PENALTY, MAX_PENALTY),
        fields.number("frequency_penalty", 0, -MAX_PENALTY, MAX_PENALTY),
        fields.number("repetition_penalty", 1, MIN_REPETITION, MAX_REPETITION),
        logitBias(),
        seed == null ? null : Long.valueOf(seed.integer(Long.MIN_VALUE, Long.MAX_VALUE)),
        stopTokenIds(),
        fields.flag("ignore_eos", false),
        topLogprobs,
        promptLogprobs,
        new GuidanceReader(fields).read());
  }

  /** Above 0. */
  private float topP() {
    float value = fields.number("top_p", 1, 0, 1);
    if (value == 0) {
      throw fields.require("top_p").invalid("expected a value above 0.");
    }
    return value;
  }

  private Map<Integer, Float> logitBias() {
    JsonValue object = fields.get("logit_bias");
    if (object == null) {
      return Map.of();
    }
    object.fields();
    Map<Integer, Float> biases = new HashMap<>();
    for (String key : object.map().keySet()) {
      JsonValue bias = object.field(key);
      try {
        biases.put(Integer.valueOf(key), bias.number(-MAX_BIAS, MAX_BIAS));
      } catch (NumberFormatException e) {
        throw bias.invalid("its name must be a token id.");
      }
    }
    return biases;
  }

  private Set<Integer> stopTokenIds() {
    Set<Integer> ids = new HashSet<>();
    for (JsonValue id : fields.elements("stop_token_ids")) {
      ids.add(id.integer(0, Integer.MAX_VALUE));
    }
    return ids;
  }

  List<String> stops() {
    JsonValue stop = fields.get("stop");
    if (stop == null) {
      return List.of();
    }
    if (stop.node().isTextual()) {
      return List.of(stop(stop));
    }
    stop.require(stop.node().isArray(), "a string or an array of strings");
    List<JsonValue> stops = stop.elements();
    if (stops.size() > MAX_STOPS) {
      throw stop.invalid(
          "expected at most %d strings, but got %d.".formatted(MAX_STOPS, stops.size()));
    }
    return stops.stream().map(SamplingReader::stop).toList();
  }

  private static String stop(JsonValue value) {
    String stop = value.text();
    if (stop.isEmpty()) {
      throw value.invalid("a stop string must not be empty.");
    }
    if (stop.length() > MAX_STOP_CHARS) {
      throw value.invalid(
          "expected at most %d characters, but got %d.".formatted(MAX_STOP_CHARS, stop.length()));
    }
    return stop;
  }

  int choices() {
    return fields.integer("n", 1, 1, MAX_CHOICES);
  }

  /** {@code stream_options.include_usage}, which only a stream can have. */
  boolean includeUsage(boolean stream) {
    JsonValue options = fields.get("stream_options");
    if (options == null) {
      return false;
    }
    if (!stream) {
      throw options.mistake(
          "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
          "invalid_value");
    }
    JsonFields inner = options.fields();
    boolean includeUsage = inner.flag("include_usage", false);
    inner.ignore("include_obfuscation");
    inner.finish();
    return includeUsage;
  }

  /** The end user; null for none. */
  @Nullable String user() {
    String user = fields.string("user");
    return user == null || user.isEmpty() ? null : user;
  }

  /** What says what a request is for, and changes no answer. */
  void ignoreLabels() {
    fields.string("safety_identifier");
    fields.string("prompt_cache_key");
    JsonValue metadata = fields.get("metadata");
    if (metadata != null) {
      metadata.fields();
    }
  }

  String model() {
    return fields.require("model").string();
  }
}
