package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What an upstream says about an error, in whatever form: OpenAI's {@code {"error":{…}}}, the same
 * in an array, a bare error, FastAPI's {@code detail}. Its words may hold secrets and be long.
 *
 * @param status the status that the error itself names, or 0
 */
record ErrorBody(
    int status,
    @Nullable String message,
    @Nullable String type,
    @Nullable String param,
    @Nullable String code) {
  private static final int MIN_STATUS = 400;
  private static final int MAX_STATUS = 599;

  static ErrorBody of(byte[] body) {
    try {
      return of(AnswerJson.read(new String(body, StandardCharsets.UTF_8)));
    } catch (BrokenAnswerException e) {
      return of(MissingNode.getInstance()); // a page of HTML, say, of which nothing is told
    }
  }

  static ErrorBody of(JsonNode body) {
    JsonNode outer = body.isArray() ? body.path(0) : body;
    JsonNode inner = outer.path("error");
    if (inner.isTextual()) {
      return new ErrorBody(0, text(inner), null, null, null);
    }
    JsonNode error = inner.isObject() ? inner : outer;
    JsonNode message = error.isTextual() ? error : error.path("message");
    JsonNode code = error.path("code");
    return new ErrorBody(
        status(code.isNumber() ? code : error.path("status")),
        text(message.isTextual() ? message : error.path("detail")),
        text(error.path("type")),
        text(error.path("param")),
        text(code));
  }

  /** Whether it says what kind of error it is, as an API does and a server without one does not. */
  boolean isTyped() {
    return type != null || code != null;
  }

  private static int status(JsonNode status) {
    int value = status.asInt();
    return value >= MIN_STATUS && value <= MAX_STATUS ? value : 0;
  }

  private static @Nullable String text(JsonNode value) {
    return value.isTextual() || value.isNumber() ? value.asText() : null;
  }
}
