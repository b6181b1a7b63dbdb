package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Tells the calls of tools apart in the pieces of a stream of OpenAI's form, by their index;
 * servers that leave it out name a call in its first piece, others in every piece. One per answer.
 */
final class StreamedCalls {
  private int index = -1;
  private String id = "";

  /** Whether another call begins with a piece of {@code tool_calls}. */
  boolean begins(JsonNode piece) {
    int pieceIndex = piece.path("index").asInt();
    String pieceId = OpenAiMessage.string(piece.path("id"));
    if (pieceIndex == index && (pieceId.isEmpty() || pieceId.equals(id))) {
      return false;
    }
    index = pieceIndex;
    id = pieceId;
    return true;
  }
}
