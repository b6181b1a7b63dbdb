package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

/**
 * What was said in a conversation of the responses API.
 *
 * @param items in order; not to be changed
 * @param chars about as long as their JSON
 */
public record Conversation(ArrayNode items, long chars) {
  /** Nothing yet. */
  static final Conversation EMPTY = new Conversation(JsonNodeFactory.instance.arrayNode(), 0);

  /**
   * The same and what came then.
   *
   * @param moreChars about as long as the JSON of {@code more}
   */
  public Conversation and(ArrayNode more, long moreChars) {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    return new Conversation(all.addAll(items).addAll(more), chars + moreChars);
  }
}
