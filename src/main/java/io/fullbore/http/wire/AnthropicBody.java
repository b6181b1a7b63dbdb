package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Translates the body of {@code /v1/messages}, version 2023-06-01, into that of a chat completion.
 * Nothing that shapes an answer is dropped: what cannot be asked here is refused by its name. Marks
 * for a prompt cache and the service tier shape none.
 *
 * <p>What a local model cannot do is refused only in the form that is meant for one: thinking,
 * images, and answers whose beginning is given.
 */
final class AnthropicBody {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final JsonFields fields;
  private final boolean local;
  private final ObjectNode to = JSON.objectNode();

  private AnthropicBody(JsonFields fields, boolean local) {
    this.fields = fields;
    this.local = local;
  }

  /**
   * @param local whether the form is for a local model
   */
  static ObjectNode chat(JsonValue body, boolean local) {
    var translation = new AnthropicBody(body.fields(), local);
    translation.writeMaxTokens(true);
    translation.write();
    return translation.to;
  }

  /** The same for a prompt that is only counted, and has no answer whose length must be known. */
  static ObjectNode prompt(JsonValue body, boolean local) {
    var translation = new AnthropicBody(body.fields(), local);
    translation.writeMaxTokens(false);
    translation.write();
    return translation.to;
  }

  private void write() {
    to.put("model", fields.require("model").string());
    to.set("messages", messages());
    AnthropicTools.write(fields, to);
    writeSampling();
    writeStream();
    writeUser();
    writeThinking();
    writeOutput();
    JsonValue tier = fields.get("service_tier");
    if (tier != null) {
      tier.oneOf("auto", "standard_only");
    }
    fields.ignore("cache_control");
    fields.refuse("container", "context_management", "mcp_servers", "inference_geo", "speed");
    fields.finish();
  }

  private ArrayNode messages() {
    var chat = new AnthropicTurns(local);
    JsonValue system = fields.get("system");
    if (system != null) {
      chat.system(system);
    }
    chat.turns(fields.require("messages"));
    return chat.messages();
  }

  private void writeMaxTokens(boolean required) {
    if (required || fields.has("max_tokens")) {
      JsonValue tokens = fields.require("max_tokens");
      to.put("max_completion_tokens", tokens.integer(1, SamplingReader.MAX_TOKENS));
    }
  }

  private void writeSampling() {
    JsonValue temperature = fields.get("temperature");
    if (temperature != null) {
      temperature.number(0, 1);
      to.set("temperature", temperature.node());
    }
    for (String name : new String[] {"top_p", "top_k"}) {
      JsonValue value = fields.get(name);
      if (value != null) {
        to.set(name, value.node());
      }
    }
    JsonValue stops = fields.get("stop_sequences");
    if (stops != null && !stops.elements().isEmpty()) {
      stops.elements().forEach(stop -> requireText(stop));
      to.set("stop", stops.node());
    }
  }

  private static void requireText(JsonValue stop) {
    if (stop.text().isEmpty()) {
      throw stop.invalid("a stop sequence must not be empty.");
    }
  }

  private void writeStream() {
    if (fields.flag("stream", false)) {
      to.put("stream", true).putObject("stream_options").put("include_usage", true);
    }
  }

  private void writeUser() {
    JsonValue metadata = fields.get("metadata");
    if (metadata != null) {
      JsonFields inner = metadata.fields();
      String user = inner.string("user_id");
      if (user != null) {
        to.put("user", user);
      }
      inner.finish();
    }
  }

  /** Stays as it is: some upstreams of OpenAI's form know it too. */
  private void writeThinking() {
    JsonValue thinking = fields.get("thinking");
    if (thinking == null) {
      return;
    }
    JsonValue type = thinking.fields().require("type");
    if (type.oneOf("disabled", "enabled", "adaptive").equals("disabled")) {
      return;
    }
    if (local) {
      throw type.unsupportedValue("the model does not think here; use 'disabled'.");
    }
    to.set("thinking", thinking.node());
  }

  private void writeOutput() {
    JsonValue output = fields.get("output_config");
    if (output == null) {
      return;
    }
    JsonFields config = output.fields();
    JsonValue effort = config.get("effort");
    if (effort != null) {
      to.put("reasoning_effort", effort.string());
    }
    JsonValue format = config.get("format");
    if (format != null) {
      JsonFields inner = format.fields();
      inner.require("type").oneOf("json_schema");
      JsonValue schema = inner.require("schema");
      schema.fields();
      ObjectNode wanted = to.putObject("response_format").put("type", "json_schema");
      wanted.putObject("json_schema").put("name", "answer").put("strict", true);
      ((ObjectNode) wanted.get("json_schema")).set("schema", schema.node());
      inner.finish();
    }
    config.finish();
  }
}
