package io.fullbore.http.wire;

import io.fullbore.serving.CompletionCall;
import io.vertx.core.buffer.Buffer;

/**
 * A request to {@code /v1/chat/completions} or {@code /v1/completions}, read and checked.
 *
 * @param call what is asked for
 * @param stream whether the answer comes as server-sent events
 * @param includeUsage whether a stream ends with its token counts
 * @param echo whether the answer begins with the prompt
 * @param tokensAsIds whether log-probabilities name tokens as {@code token_id:N}
 */
public record CompletionRequest(
    CompletionCall call, boolean stream, boolean includeUsage, boolean echo, boolean tokensAsIds) {

  /**
   * Reads a chat completion's body.
   *
   * @throws InvalidRequestException at the first mistake
   */
  public static CompletionRequest chat(Buffer body, String tenant) {
    return new ChatRequestReader(JsonValue.parse(body).fields(), tenant).read();
  }

  /**
   * Reads a text completion's body.
   *
   * @throws InvalidRequestException at the first mistake
   */
  public static CompletionRequest text(Buffer body, String tenant) {
    return new TextRequestReader(JsonValue.parse(body).fields(), tenant).read();
  }
}
