package io.fullbore.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fullbore.chat.jinja.JinjaTemplate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a template sees messages that call tools. Most templates want the first form; those that join
 * texts without asking what they are fail with it, and are given the next ones in turn.
 */
enum MessageForm {
  /** Arguments are an object, and the content of a message that has none is null. */
  USUAL(false, false),
  /** Every message has a content, if an empty one. */
  WITH_CONTENT(true, false),
  /** Arguments are the text that the model wrote, too. */
  WITH_ARGUMENT_TEXT(true, true);

  private static final ObjectReader JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerFor(Object.class);

  private final boolean contentAlways;
  private final boolean argumentText;

  MessageForm(boolean contentAlways, boolean argumentText) {
    this.contentAlways = contentAlways;
    this.argumentText = argumentText;
  }

  List<Map<String, @Nullable Object>> of(List<ChatMessage> messages) {
    return messages.stream().map(this::of).toList();
  }

  /** Absent parts have no key. */
  private Map<String, @Nullable Object> of(ChatMessage message) {
    Map<String, @Nullable Object> view = new LinkedHashMap<>();
    String role = message.role();
    String content = message.content();
    view.put("role", ChatMessage.KNOWN_ROLES.contains(role) ? JinjaTemplate.trusted(role) : role);
    view.put("content", content == null && contentAlways ? "" : content);
    putIfPresent(view, "name", message.name());
    putIfPresent(view, "reasoning_content", message.reasoningContent());
    putIfPresent(view, "tool_call_id", message.toolCallId());
    if (!message.toolCalls().isEmpty()) {
      view.put("tool_calls", message.toolCalls().stream().map(this::of).toList());
    }
    return view;
  }

  private Map<String, Object> of(ChatMessage.ToolCall call) {
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", call.name());
    function.put("arguments", argumentText ? call.arguments() : arguments(call.arguments()));
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("id", call.id());
    view.put("type", "function");
    view.put("function", function);
    return view;
  }

  /** Arguments as an object; what is no JSON object stays text. */
  private static Object arguments(String json) {
    if (json.isBlank()) {
      return Map.of();
    }
    try {
      return JSON.readValue(json) instanceof Map<?, ?> map ? map : json;
    } catch (JsonProcessingException e) {
      return json;
    }
  }

  private static void putIfPresent(
      Map<String, @Nullable Object> view, String key, @Nullable String value) {
    if (value != null) {
      view.put(key, value);
    }
  }
}
