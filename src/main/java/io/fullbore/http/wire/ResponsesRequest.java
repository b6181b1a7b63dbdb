package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.core.Failure;
import io.fullbore.routing.RoutingTable;
import io.vertx.core.buffer.Buffer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A request to {@code /v1/responses}, read and checked.
 *
 * @param completion what is asked for
 * @param body as the caller wrote it; not to be changed
 * @param conversation all that was said until now, this request's input included
 * @param store whether the answer is kept
 */
public record ResponsesRequest(
    CompletionRequest completion, ObjectNode body, Conversation conversation, boolean store) {

  /**
   * @param earlier gives the conversation that ended with the response of an id, or null
   * @throws InvalidRequestException at the first mistake
   */
  public static ResponsesRequest read(
      Buffer body,
      Requester requester,
      RoutingTable routes,
      Function<String, @Nullable Conversation> earlier) {
    JsonValue value = JsonValue.parse(body);
    JsonFields fields = value.fields();
    Conversation before = before(fields, earlier);
    CompletionRequest completion =
        CompletionRequest.translated(
            value,
            body.length(),
            requester,
            routes,
            (asked, local) -> ResponsesBody.chat(asked, before.items(), local));
    return new ResponsesRequest(
        completion,
        (ObjectNode) value.node(),
        before.and(ResponsesInput.items(fields.require("input").node()), body.length()),
        fields.flag("store", true));
  }

  private static Conversation before(
      JsonFields fields, Function<String, @Nullable Conversation> earlier) {
    JsonValue id = fields.get("previous_response_id");
    if (id == null) {
      return Conversation.EMPTY;
    }
    Conversation found = earlier.apply(id.string());
    if (found == null) {
      throw new InvalidRequestException(
          new Failure.InvalidRequest(
              "Previous response with id '%s' not found.".formatted(id.string()),
              id.path(),
              "previous_response_not_found"));
    }
    return found;
  }
}
