package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.fullbore.routing.Route;
import io.fullbore.serving.CompletionCall;
import io.fullbore.serving.Prompt;
import java.util.ArrayList;
import java.util.List;

/** Reads the body of {@code /v1/completions}. */
final class TextRequestReader {
  private static final int DEFAULT_MAX_TOKENS = 16;

  /** Choices that one request may have over all its prompts. */
  private static final int MAX_ALL_CHOICES = 2048;

  private final JsonFields fields;
  private final Requester requester;
  private final Route route;
  private final SamplingReader common;

  TextRequestReader(JsonFields fields, Requester requester, Route route) {
    this.fields = fields;
    this.requester = requester;
    this.route = route;
    this.common = new SamplingReader(fields);
  }

  CompletionRequest read(byte[] digest) {
    String model = common.model();
    List<Prompt> prompts = prompts(fields.require("prompt"));
    int choices = choices(prompts.size());
    boolean stream = fields.flag("stream", false);
    boolean includeUsage = common.includeUsage(stream);
    boolean echo = fields.flag("echo", false);
    boolean tokensAsIds = fields.flag("return_tokens_as_token_ids", false);
    int logprobs = fields.integer("logprobs", -1, 0, SamplingReader.MAX_LOGPROBS);
    JsonValue suffix = fields.get("suffix");
    if (suffix != null && !suffix.string().isEmpty()) {
      fields.refuse("suffix");
    }
    common.ignoreLabels();
    CompletionCall call =
        new CompletionCall(
            model,
            requester.account(common.user()),
            prompts,
            choices,
            common.sampling(logprobs, echo ? logprobs : -1),
            common.stops(),
            maxTokens(echo));
    fields.finish();
    return CompletionRequest.local(call, route, digest, stream, includeUsage, echo, tokensAsIds);
  }

  /** None at all makes sense only where the prompt comes back. */
  private int maxTokens(boolean echo) {
    int maxTokens = fields.integer("max_tokens", DEFAULT_MAX_TOKENS, 0, SamplingReader.MAX_TOKENS);
    if (maxTokens == 0 && !echo) {
      throw fields.require("max_tokens").invalid("0 is allowed only where 'echo' is true.");
    }
    return maxTokens;
  }

  private int choices(int promptCount) {
    int choices = common.choices();
    JsonValue bestOf = fields.get("best_of");
    if (bestOf != null && bestOf.integer(1, SamplingReader.MAX_CHOICES) != choices) {
      throw bestOf.unsupportedValue("it must equal 'n'.");
    }
    if (promptCount * choices > MAX_ALL_CHOICES) {
      throw fields
          .require("prompt")
          .invalid(
              "%d prompts of %d choices each are more than the %d choices of one request."
                  .formatted(promptCount, choices, MAX_ALL_CHOICES));
    }
    return choices;
  }

  /** A text, token ids, or an array of one of them. */
  private static List<Prompt> prompts(JsonValue value) {
    if (value.node().isTextual()) {
      return List.of(new Prompt.Text(value.string()));
    }
    value.require(value.node().isArray(), "a string or an array");
    if (value.node().isEmpty()) {
      throw value.invalid("expected at least one prompt.");
    }
    if (value.node().get(0).isNumber()) {
      return List.of(tokens(value));
    }
    if (value.node().size() > MAX_ALL_CHOICES) {
      throw value.invalid("expected at most %d prompts.".formatted(MAX_ALL_CHOICES));
    }
    return value.elements().stream().map(TextRequestReader::prompt).toList();
  }

  private static Prompt prompt(JsonValue value) {
    if (value.node().isTextual()) {
      return new Prompt.Text(value.string());
    }
    value.require(value.node().isArray(), "a string or an array of token ids");
    return tokens(value);
  }

  /** There may be a million of them: paths are made for the wrong ones only. */
  static Prompt.Tokens tokens(JsonValue array) {
    List<Integer> ids = new ArrayList<>(array.node().size());
    for (JsonNode id : array.node()) {
      boolean right = id.isInt() && id.intValue() >= 0;
      ids.add(right ? id.intValue() : array.element(ids.size()).integer(0, Integer.MAX_VALUE));
    }
    return new Prompt.Tokens(ids);
  }
}
