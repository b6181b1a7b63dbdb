package io.fullbore.upstream;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.config.UpstreamConfig;
import io.fullbore.core.Failure;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Anthropic's messages API. Requests and answers are translated: {@link AnthropicRequest} says what
 * can be asked, {@link AnthropicAnswer} what comes back. A request that was written for this API
 * goes out as it came, but for the model's name.
 */
final class AnthropicDialect implements Dialect {
  private static final String VERSION = "2023-06-01";

  private final UpstreamConfig.Upstream upstream;
  private final InstantSource clock;

  AnthropicDialect(UpstreamConfig.Upstream upstream) {
    this(upstream, InstantSource.system());
  }

  /**
   * @param clock dates the answers, which the API does not
   */
  AnthropicDialect(UpstreamConfig.Upstream upstream, InstantSource clock) {
    this.upstream = upstream;
    this.clock = clock;
  }

  @Override
  public String path(ForwardedCall call, String model) {
    return "/messages";
  }

  @Override
  public Map<String, String> headers() {
    Map<String, String> headers = new LinkedHashMap<>();
    String version = upstream.apiVersion();
    headers.put("anthropic-version", version == null ? VERSION : version);
    String key = upstream.apiKey();
    if (key != null) {
      headers.put("x-api-key", key);
    }
    return headers;
  }

  /** Found by translating: what translates can be asked. */
  @Override
  public Optional<UpstreamFailure> misfit(ForwardedCall call) {
    if (call.endpoint() != ForwardedCall.Endpoint.CHAT_COMPLETIONS) {
      return Optional.of(
          new UpstreamFailure(
              new Failure.InvalidRequest(
                  "This model answers chat completions only.", null, "unsupported_endpoint"),
              true));
    }
    if (call.original() != null) {
      return Optional.empty();
    }
    try {
      AnthropicRequest.translate(call, "", 1);
      return Optional.empty();
    } catch (MisfitException e) {
      return Optional.of(e.failure());
    }
  }

  @Override
  public ObjectNode body(ForwardedCall call, UpstreamConfig.UpstreamModel model) {
    ObjectNode original = call.original();
    return original == null
        ? AnthropicRequest.translate(call, model.name(), model.maxAnswerTokens())
        : original.objectNode().<ObjectNode>setAll(original).put("model", model.name());
  }

  @Override
  public Optional<AnswerTranslator> translator(ForwardedCall call) {
    return Optional.of(new AnthropicAnswer(clock.instant().getEpochSecond()));
  }
}
