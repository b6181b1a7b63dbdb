package io.fullbore.upstream;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.config.UpstreamConfig;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/** OpenAI's models in Azure: a model is a deployment in the path, the key a header of its own. */
final class AzureDialect implements Dialect {
  private final UpstreamConfig.Upstream upstream;

  AzureDialect(UpstreamConfig.Upstream upstream) {
    this.upstream = upstream;
  }

  @Override
  public String path(ForwardedCall call, String model) {
    return "/openai/deployments/%s%s?api-version=%s"
        .formatted(
            encoded(model),
            OpenAiDialect.endpointPath(call),
            encoded(String.valueOf(upstream.apiVersion())));
  }

  private static String encoded(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public Map<String, String> headers() {
    String key = upstream.apiKey();
    return key == null ? Map.of() : Map.of("api-key", key);
  }

  @Override
  public Optional<UpstreamFailure> misfit(ForwardedCall call) {
    return Optional.empty();
  }

  @Override
  public ObjectNode body(ForwardedCall call, UpstreamConfig.UpstreamModel model) {
    return OpenAiDialect.forwarded(call, model.name());
  }

  @Override
  public Optional<AnswerTranslator> translator(ForwardedCall call) {
    return Optional.empty();
  }
}
