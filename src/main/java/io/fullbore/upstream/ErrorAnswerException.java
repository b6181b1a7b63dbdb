package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What came in place of an answer, or amid it, is an error of the upstream. Thrown and caught as
 * {@link BrokenAnswerException}.
 */
final class ErrorAnswerException extends Exception {
  private static final long serialVersionUID = 1;

  private final transient JsonNode error;

  /**
   * @param error what the upstream says, secrets included
   */
  ErrorAnswerException(JsonNode error) {
    super("the answer is an error", null, false, false);
    this.error = error;
  }

  JsonNode error() {
    return error;
  }
}
