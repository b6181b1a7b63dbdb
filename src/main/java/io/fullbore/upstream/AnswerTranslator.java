package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * Turns one answer of another API into OpenAI's form. One per answer, used by one event loop.
 *
 * <p>What it is given may be malformed: it throws {@link IllegalArgumentException} saying what is
 * wrong, and the answer fails.
 */
interface AnswerTranslator {
  /**
   * The next event of a stream.
   *
   * @return OpenAI's chunks, without or with {@code usage}; none where the event says nothing
   */
  List<ObjectNode> event(JsonNode data);

  /** Whether the stream has said that it is complete, so that nothing may be missing. */
  boolean complete();

  /** A whole answer. */
  ObjectNode whole(JsonNode body);
}
