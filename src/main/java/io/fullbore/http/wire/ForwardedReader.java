package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.core.Failure;
import io.fullbore.routing.Route;
import io.fullbore.serving.CompletionCall;
import io.fullbore.serving.RoutedCall;
import io.fullbore.upstream.ForwardedCall;
import io.fullbore.upstream.ForwardedCall.Endpoint;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads what must be known of a request that others may answer, and leaves the rest to them: fields
 * that nobody here knows stay as they are. Where a local model serves the name too, the request is
 * also read as one for it, and what it cannot do is no mistake.
 */
final class ForwardedReader {
  private final Endpoint endpoint;
  private final JsonValue body;
  private final JsonFields fields;
  private final SamplingReader common;
  private final Requester requester;
  private final Route route;
  private final @Nullable ObjectNode original;

  /**
   * @param original the request in Anthropic's form, where the caller wrote it so
   */
  ForwardedReader(
      Endpoint endpoint,
      JsonValue body,
      Requester requester,
      Route route,
      @Nullable ObjectNode original) {
    this.endpoint = endpoint;
    this.body = body;
    this.fields = body.fields();
    this.common = new SamplingReader(fields);
    this.requester = requester;
    this.route = route;
    this.original = original;
  }

  /**
   * @param bodyBytes the body's length
   * @param local reads the request as one for a local model
   */
  CompletionRequest read(
      byte[] digest, int bodyBytes, Function<JsonFields, CompletionRequest> local) {
    boolean stream = fields.flag("stream", false);
    boolean includeUsage = stream && common.includeUsage(true);
    int choices = common.choices() * promptCount();
    var forwarded =
        new ForwardedCall(
            endpoint,
            (ObjectNode) body.node(),
            stream,
            includeUsage,
            choices,
            maxAnswerTokens(),
            bodyBytes,
            original);
    boolean repeatable = fields.has("seed") || fields.number("temperature", 1, 0, 2) == 0;
    boolean tools = !fields.elements("tools").isEmpty() || fields.has("functions");
    CompletionCall call = null;
    Failure notLocal = null;
    CompletionRequest ownForm = null;
    if (!route.locals().isEmpty()) {
      try {
        ownForm = local.apply(body.fields());
        call = ownForm.call();
      } catch (InvalidRequestException e) {
        notLocal = e.failure();
      }
    }
    return new CompletionRequest(
        new RoutedCall(requester.account(common.user()), route, choices, call, notLocal, forwarded),
        digest,
        stream,
        includeUsage,
        ownForm != null && ownForm.echo(),
        ownForm != null && ownForm.tokensAsIds(),
        repeatable,
        tools);
  }

  /** Prompts that are answered one by one. */
  private int promptCount() {
    switch (endpoint) {
      case CHAT_COMPLETIONS -> {
        JsonValue messages = fields.require("messages");
        if (messages.elements().isEmpty()) {
          throw messages.invalid("expected at least one message.");
        }
        return 1;
      }
      case COMPLETIONS -> {
        JsonValue prompt = fields.require("prompt");
        if (!prompt.node().isArray()) {
          prompt.string();
          return 1;
        }
        List<JsonValue> elements = prompt.elements();
        if (elements.isEmpty()) {
          throw prompt.invalid("expected at least one prompt.");
        }
        return elements.getFirst().node().isNumber() ? 1 : elements.size();
      }
    }
    throw new IllegalStateException("endpoint=" + endpoint);
  }

  private @Nullable Integer maxAnswerTokens() {
    Integer newer = fields.integer("max_completion_tokens", 1, SamplingReader.MAX_TOKENS);
    return newer != null ? newer : fields.integer("max_tokens", 0, SamplingReader.MAX_TOKENS);
  }
}
