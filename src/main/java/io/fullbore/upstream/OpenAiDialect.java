package io.fullbore.upstream;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.config.UpstreamConfig;
import java.util.Map;
import java.util.Optional;

/**
 * OpenAI's API. Requests go out as they came in, but for the model's name and, in streams, for the
 * usage that is always asked for; answers are passed on as they are.
 */
final class OpenAiDialect implements Dialect {
  private static final String STREAM_OPTIONS = "stream_options";

  private final UpstreamConfig.Upstream upstream;

  OpenAiDialect(UpstreamConfig.Upstream upstream) {
    this.upstream = upstream;
  }

  @Override
  public String path(ForwardedCall call, String model) {
    return endpointPath(call);
  }

  static String endpointPath(ForwardedCall call) {
    return switch (call.endpoint()) {
      case CHAT_COMPLETIONS -> "/chat/completions";
      case COMPLETIONS -> "/completions";
    };
  }

  @Override
  public Map<String, String> headers() {
    String key = upstream.apiKey();
    return key == null ? Map.of() : Map.of("authorization", "Bearer " + key);
  }

  @Override
  public Optional<UpstreamFailure> misfit(ForwardedCall call) {
    return Optional.empty();
  }

  @Override
  public ObjectNode body(ForwardedCall call, UpstreamConfig.UpstreamModel model) {
    return forwarded(call, model.name());
  }

  /** A shallow copy: what it shares with the call is never changed. */
  static ObjectNode forwarded(ForwardedCall call, String model) {
    ObjectNode body = call.body().objectNode();
    body.setAll(call.body());
    body.put("model", model);
    if (call.stream()) {
      ObjectNode options = body.objectNode();
      if (call.body().get(STREAM_OPTIONS) instanceof ObjectNode given) {
        options.setAll(given);
      }
      body.set(STREAM_OPTIONS, options.put("include_usage", true));
    }
    return body;
  }

  @Override
  public Optional<AnswerTranslator> translator(ForwardedCall call) {
    return Optional.empty();
  }
}
