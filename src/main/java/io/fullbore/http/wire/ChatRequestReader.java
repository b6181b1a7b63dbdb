package io.fullbore.http.wire;

import io.fullbore.chat.ChatMessage;
import io.fullbore.routing.Route;
import io.fullbore.serving.CompletionCall;
import io.fullbore.serving.Prompt;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the body of {@code /v1/chat/completions}. */
final class ChatRequestReader {
  private static final List<String> SERVER_VARIABLES =
      List.of("messages", "tools", "add_generation_prompt", "bos_token", "eos_token");

  private final JsonFields fields;
  private final Requester requester;
  private final Route route;
  private final SamplingReader common;

  ChatRequestReader(JsonFields fields, Requester requester, Route route) {
    this.fields = fields;
    this.requester = requester;
    this.route = route;
    this.common = new SamplingReader(fields);
  }

  CompletionRequest read(byte[] digest) {
    String model = common.model();
    List<ChatMessage> messages = MessagesReader.read(fields.require("messages"));
    Prompt prompt =
        new Prompt.Chat(
            messages, ToolsReader.read(fields), templateVariables(fields), reasoningEffort());
    boolean stream = fields.flag("stream", false);
    boolean includeUsage = common.includeUsage(stream);
    boolean tokensAsIds = fields.flag("return_tokens_as_token_ids", false);
    checkOtherFields();
    JsonValue maxTokens = maxTokens();
    CompletionCall call =
        new CompletionCall(
            model,
            requester.account(common.user()),
            List.of(prompt),
            common.choices(),
            common.sampling(topLogprobs(), -1),
            common.stops(),
            maxTokens == null
                ? null
                : Integer.valueOf(maxTokens.integer(1, SamplingReader.MAX_TOKENS)));
    fields.finish();
    return CompletionRequest.local(call, route, digest, stream, includeUsage, false, tokensAsIds);
  }

  private @Nullable JsonValue maxTokens() {
    JsonValue older = fields.get("max_tokens");
    JsonValue newer = fields.get("max_completion_tokens");
    if (older != null && newer != null && !older.node().equals(newer.node())) {
      throw older.invalid("it differs from 'max_completion_tokens'; give one of the two.");
    }
    return newer != null ? newer : older;
  }

  private int topLogprobs() {
    boolean logprobs = fields.flag("logprobs", false);
    JsonValue top = fields.get("top_logprobs");
    if (top == null) {
      return logprobs ? 0 : -1;
    }
    int count = top.integer(0, SamplingReader.MAX_LOGPROBS);
    if (!logprobs && count > 0) {
      throw top.invalid("'logprobs' must be true where it is given.");
    }
    return logprobs ? count : -1;
  }

  private @Nullable String reasoningEffort() {
    JsonValue effort = fields.get("reasoning_effort");
    return effort == null
        ? null
        : effort.oneOf("none", "minimal", "low", "medium", "high", "xhigh");
  }

  static Map<String, Object> templateVariables(JsonFields fields) {
    JsonValue object = fields.get("chat_template_kwargs");
    if (object == null) {
      return Map.of();
    }
    Map<String, Object> variables = object.map();
    for (String name : SERVER_VARIABLES) {
      if (variables.containsKey(name)) {
        throw object.field(name).invalid("the server sets this variable itself.");
      }
    }
    return variables;
  }

  private void checkOtherFields() {
    common.ignoreLabels();
    if (fields.flag("store", false)) {
      throw fields.require("store").unsupportedValue("answers are not stored here.");
    }
    JsonValue tier = fields.get("service_tier");
    if (tier != null) {
      tier.oneOf("auto", "default");
    }
    for (JsonValue modality : fields.elements("modalities")) {
      if (!modality.string().equals("text")) {
        throw fields.require("modalities").unsupportedValue("only 'text' is supported here.");
      }
    }
    fields.refuse(
        "audio", "functions", "function_call", "prediction", "web_search_options", "verbosity");
  }
}
