package io.fullbore.http.wire;

import io.fullbore.serving.Prompt;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A request to {@code /detokenize}.
 *
 * @param model null where the caller names none
 */
public record DetokenizeRequest(@Nullable String model, List<Integer> tokens) {
  public DetokenizeRequest {
    tokens = List.copyOf(tokens);
  }

  /**
   * @throws InvalidRequestException at the first mistake
   */
  public static DetokenizeRequest read(Buffer body) {
    JsonFields fields = JsonValue.parse(body).fields();
    JsonValue tokens = fields.require("tokens");
    tokens.require(tokens.node().isArray(), "an array of token ids");
    Prompt.Tokens ids = TextRequestReader.tokens(tokens);
    var request = new DetokenizeRequest(fields.string("model"), ids.ids());
    fields.finish();
    return request;
  }
}
