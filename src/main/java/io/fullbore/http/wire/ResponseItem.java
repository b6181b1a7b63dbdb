package io.fullbore.http.wire;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** An item of a response's output. */
sealed interface ResponseItem {
  String id();

  /** How the events of its text begin. */
  String event();

  /** What its text is called when it is complete. */
  default String textField() {
    return "text";
  }

  /** The item before its text. */
  ObjectNode begun();

  /** The item with all its text. */
  ObjectNode done(String text);

  private static ObjectNode item(String type, String id) {
    return JsonNodeFactory.instance.objectNode().put("id", id).put("type", type);
  }

  /** What the model says. */
  record Message(String id) implements ResponseItem {
    @Override
    public String event() {
      return "response.output_text";
    }

    @Override
    public ObjectNode begun() {
      ObjectNode item = item("message", id).put("status", "in_progress").put("role", "assistant");
      item.putArray("content");
      return item;
    }

    @Override
    public ObjectNode done(String text) {
      ObjectNode item = begun().put("status", "completed");
      item.withArrayProperty("content").add(part(text));
      return item;
    }

    static ObjectNode part(String text) {
      ObjectNode part = JsonNodeFactory.instance.objectNode().put("type", "output_text");
      part.put("text", text).putArray("annotations");
      part.putArray("logprobs");
      return part;
    }
  }

  /** What the model thinks. */
  record Reasoning(String id) implements ResponseItem {
    @Override
    public String event() {
      return "response.reasoning_text";
    }

    @Override
    public ObjectNode begun() {
      ObjectNode item = item("reasoning", id).put("status", "in_progress");
      item.putArray("summary");
      return item;
    }

    @Override
    public ObjectNode done(String text) {
      ObjectNode item = begun().put("status", "completed");
      item.putArray("content").addObject().put("type", "reasoning_text").put("text", text);
      return item;
    }
  }

  /** A call of a function, whose text is its arguments. */
  record Call(String id, String callId, String name) implements ResponseItem {
    @Override
    public String event() {
      return "response.function_call_arguments";
    }

    @Override
    public String textField() {
      return "arguments";
    }

    @Override
    public ObjectNode begun() {
      return item("function_call", id)
          .put("status", "in_progress")
          .put("call_id", callId)
          .put("name", name)
          .put("arguments", "");
    }

    @Override
    public ObjectNode done(String text) {
      return begun().put("status", "completed").put("arguments", text);
    }
  }
}
