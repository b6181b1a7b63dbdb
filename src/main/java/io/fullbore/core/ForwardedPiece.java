package io.fullbore.core;

import java.util.List;

/**
 * A piece of an answer that came from elsewhere and is passed on as it is: the data of one
 * server-sent event, or one whole JSON body.
 *
 * @param json an object, in one line where it is an event's data
 * @param ends choices that end with this piece
 */
public record ForwardedPiece(String json, List<End> ends) {
  /**
   * The end of a choice; {@code STOP} also where it ends in calls of tools, {@code LENGTH} also
   * where a filter cut it off.
   */
  public record End(int choice, FinishReason reason) {}

  public ForwardedPiece {
    ends = List.copyOf(ends);
  }
}
