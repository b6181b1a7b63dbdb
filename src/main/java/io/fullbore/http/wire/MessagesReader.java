package io.fullbore.http.wire;

import io.fullbore.chat.ChatMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Reads the {@code messages} of a chat. */
final class MessagesReader {
  private MessagesReader() {}

  static List<ChatMessage> read(JsonValue array) {
    List<JsonValue> elements = array.elements();
    if (elements.isEmpty()) {
      throw array.invalid("expected at least one message.");
    }
    List<ChatMessage> messages = new ArrayList<>(elements.size());
    elements.forEach(element -> messages.add(message(element)));
    return messages;
  }

  private static ChatMessage message(JsonValue value) {
    JsonFields fields = value.fields();
    String role = fields.require("role").oneOf("system", "developer", "user", "assistant", "tool");
    String name = fields.string("name");
    ChatMessage message =
        switch (role) {
          case "assistant" -> assistant(fields, name);
          case "tool" ->
              new ChatMessage(
                  role,
                  content(fields.require("content")),
                  name,
                  List.of(),
                  fields.require("tool_call_id").string(),
                  null);
          case "developer" -> plain("system", name, fields);
          default -> plain(role, name, fields);
        };
    fields.finish();
    return message;
  }

  private static ChatMessage plain(String role, @Nullable String name, JsonFields fields) {
    return new ChatMessage(role, content(fields.require("content")), name, List.of(), null, null);
  }

  /** Takes back what this API's own answers hold, such as {@code refusal} and annotations. */
  private static ChatMessage assistant(JsonFields fields, @Nullable String name) {
    fields.refuse("audio", "function_call");
    fields.ignore("refusal", "annotations");
    List<ChatMessage.ToolCall> calls = new ArrayList<>();
    fields.elements("tool_calls").forEach(call -> calls.add(toolCall(call)));
    JsonValue content = calls.isEmpty() ? fields.require("content") : fields.get("content");
    return new ChatMessage(
        "assistant",
        content == null ? null : content(content),
        name,
        calls,
        null,
        fields.string("reasoning_content"));
  }

  private static ChatMessage.ToolCall toolCall(JsonValue value) {
    JsonFields fields = value.fields();
    String id = fields.require("id").string();
    fields.require("type").oneOf("function");
    fields.ignore("index");
    JsonFields function = fields.require("function").fields();
    JsonValue name = function.require("name");
    if (name.string().isBlank()) {
      throw name.invalid("a function has a name.");
    }
    var call = new ChatMessage.ToolCall(id, name.string(), function.require("arguments").string());
    function.finish();
    fields.finish();
    return call;
  }

  /** A string, or text parts; these become lines of one text. */
  private static String content(JsonValue value) {
    if (value.node().isTextual()) {
      return value.string();
    }
    value.require(value.node().isArray(), "a string or an array of parts");
    List<JsonValue> parts = value.elements();
    if (parts.isEmpty()) {
      throw value.invalid("expected at least one part.");
    }
    StringJoiner text = new StringJoiner("\n");
    parts.forEach(part -> text.add(part(part)));
    return text.toString();
  }

  private static String part(JsonValue value) {
    JsonFields fields = value.fields();
    JsonValue type = fields.require("type");
    String name = type.string();
    switch (name) {
      case "text", "refusal" -> {}
      case "image_url", "input_audio", "video_url", "audio_url", "file" ->
          throw type.unsupportedValue("parts of type '%s' are not supported here.".formatted(name));
      default -> type.oneOf("text", "refusal");
    }
    String text = fields.require(name).string();
    fields.finish();
    return text;
  }
}
