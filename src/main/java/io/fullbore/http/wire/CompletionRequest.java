package io.fullbore.http.wire;

import io.fullbore.cache.CanonicalRequest;
import io.fullbore.serving.CompletionCall;
import io.vertx.core.buffer.Buffer;

/**
 * A request to {@code /v1/chat/completions} or {@code /v1/completions}, read and checked.
 *
 * @param call what is asked for
 * @param digest of all that shapes the answer, see {@link CanonicalRequest}
 * @param stream whether the answer comes as server-sent events
 * @param includeUsage whether a stream ends with its token counts
 * @param echo whether the answer begins with the prompt
 * @param tokensAsIds whether log-probabilities name tokens as {@code token_id:N}
 */
public record CompletionRequest(
    CompletionCall call,
    byte[] digest,
    boolean stream,
    boolean includeUsage,
    boolean echo,
    boolean tokensAsIds) {

  /**
   * Reads a chat completion's body.
   *
   * @throws InvalidRequestException at the first mistake
   */
  public static CompletionRequest chat(Buffer body, Requester requester) {
    JsonValue value = JsonValue.parse(body);
    return new ChatRequestReader(value.fields(), requester)
        .read(CanonicalRequest.digest(value.node()));
  }

  /**
   * Reads a text completion's body.
   *
   * @throws InvalidRequestException at the first mistake
   */
  public static CompletionRequest text(Buffer body, Requester requester) {
    JsonValue value = JsonValue.parse(body);
    return new TextRequestReader(value.fields(), requester)
        .read(CanonicalRequest.digest(value.node()));
  }
}
