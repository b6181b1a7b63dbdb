package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fullbore.core.Usage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Spells one response as the events of OpenAI's responses API, and puts its items together:
 *
 * <pre>
 *   stream := created in_progress item* (completed | incomplete | failed)
 *   item   := output_item.added part output_item.done
 *   part   := content_part.added output_text.delta* output_text.done content_part.done
 *           | reasoning_text.delta* reasoning_text.done
 *           | function_call_arguments.delta* function_call_arguments.done
 * </pre>
 *
 * <p>Told in the order in which the model says it: an item begins with the first piece of another
 * kind. One per answer.
 */
final class ResponsesEvents {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private final ResponseHead head;
  private final boolean streamed;
  private final Consumer<ObjectNode> ended;
  private final StringBuilder events = new StringBuilder();
  private final ArrayNode output = JSON.arrayNode();
  private final StringBuilder text = new StringBuilder();
  private @Nullable ResponseItem open;
  private int sequence;

  /**
   * @param streamed whether events are wanted, and not only the response
   * @param ended gets the response once it has ended well
   */
  ResponsesEvents(ResponseHead head, boolean streamed, Consumer<ObjectNode> ended) {
    this.head = head;
    this.streamed = streamed;
    this.ended = ended;
  }

  /** What was told since the last time. */
  String take() {
    String taken = events.toString();
    events.setLength(0);
    return taken;
  }

  void start() {
    for (String type : new String[] {"response.created", "response.in_progress"}) {
      ObjectNode event = JSON.objectNode();
      event.set("response", head.json("in_progress", output, null, null, null));
      tell(type, event);
    }
  }

  void text(String more) {
    if (!more.isEmpty()) {
      if (!(open instanceof ResponseItem.Message)) {
        open(new ResponseItem.Message(itemId("msg")));
      }
      add(more);
    }
  }

  void reasoning(String more) {
    if (!more.isEmpty()) {
      if (!(open instanceof ResponseItem.Reasoning)) {
        open(new ResponseItem.Reasoning(itemId("rs")));
      }
      add(more);
    }
  }

  /** A call of a tool begins; its arguments follow. */
  void toolCall(String callId, String name) {
    open(new ResponseItem.Call(itemId("fc"), callId, name));
  }

  /** More of the arguments of the call that began last. */
  void arguments(String part) {
    if (open instanceof ResponseItem.Call && !part.isEmpty()) {
      add(part);
    }
  }

  /** Names an item after its response and its place. */
  private String itemId(String prefix) {
    return "%s_%s_%d".formatted(prefix, head.id().substring("resp_".length()), output.size());
  }

  private void open(ResponseItem item) {
    close();
    open = item;
    ObjectNode event = JSON.objectNode().put("output_index", output.size());
    event.set("item", item.begun());
    tell("response.output_item.added", event);
    if (item instanceof ResponseItem.Message) {
      tellPart("response.content_part.added", item, "");
    }
  }

  private void add(String more) {
    ResponseItem item = open;
    if (item != null) {
      text.append(more);
      if (streamed) {
        tell(item.event() + ".delta", place(item).put("delta", more));
      }
    }
  }

  private void close() {
    ResponseItem item = open;
    if (item == null) {
      return;
    }
    String all = text.toString();
    tell(item.event() + ".done", place(item).put(item.textField(), all));
    if (item instanceof ResponseItem.Message) {
      tellPart("response.content_part.done", item, all);
    }
    ObjectNode done = item.done(all);
    ObjectNode event = JSON.objectNode().put("output_index", output.size());
    event.set("item", done);
    tell("response.output_item.done", event);
    output.add(done);
    text.setLength(0);
    open = null;
  }

  private void tellPart(String type, ResponseItem item, String all) {
    ObjectNode event = place(item);
    event.set("part", ResponseItem.Message.part(all));
    tell(type, event);
  }

  private ObjectNode place(ResponseItem item) {
    ObjectNode event = JSON.objectNode().put("item_id", item.id());
    event.put("output_index", output.size());
    return item instanceof ResponseItem.Call ? event : event.put("content_index", 0);
  }

  /**
   * @param incomplete why the answer is not complete, or null
   * @return the response
   */
  ObjectNode end(@Nullable String incomplete, Usage usage) {
    close();
    String status = incomplete == null ? "completed" : "incomplete";
    ObjectNode response = head.json(status, output, incomplete, null, usage);
    ObjectNode event = JSON.objectNode();
    event.set("response", response);
    tell("response." + status, event);
    ended.accept(response);
    return response;
  }

  void fail(ApiError error) {
    ObjectNode shown = JSON.objectNode();
    shown.put("code", error.status() == 429 ? "rate_limit_exceeded" : "server_error");
    shown.put("message", error.message());
    ObjectNode event = JSON.objectNode();
    event.set("response", head.json("failed", output, null, shown, null));
    tell("response.failed", event);
  }

  private void tell(String type, ObjectNode fields) {
    if (streamed) {
      ObjectNode event = JSON.objectNode().put("type", type).put("sequence_number", sequence++);
      event.setAll(fields);
      events.append("event: ").append(type).append("\ndata: ").append(event).append("\n\n");
    }
  }
}
