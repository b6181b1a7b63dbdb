package io.fullbore.chat;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a chat template renders. Everything in it is the caller's: data that is never read as
 * template text.
 *
 * @param messages at least one
 * @param tools tool definitions as parsed JSON objects, in the caller's order; empty for none
 * @param addGenerationPrompt whether the prompt ends where the assistant's answer begins
 * @param variables further variables ({@code chat_template_kwargs}): null, booleans, numbers,
 *     strings, and lists and maps of such
 */
public record ChatRequestView(
    List<ChatMessage> messages,
    List<? extends Map<String, ? extends @Nullable Object>> tools,
    boolean addGenerationPrompt,
    Map<String, ? extends @Nullable Object> variables) {

  private static final Set<String> RESERVED = Set.of("messages", "tools", "add_generation_prompt");

  public ChatRequestView {
    messages = List.copyOf(messages);
    tools = List.copyOf(tools);
    variables = Collections.unmodifiableMap(new LinkedHashMap<>(variables));
    if (messages.isEmpty()) {
      throw new IllegalArgumentException("messages must not be empty");
    }
    for (String name : variables.keySet()) {
      if (RESERVED.contains(name) || name.endsWith("_token")) {
        throw new IllegalArgumentException(
            "the template variable %s is set by the server".formatted(name));
      }
    }
  }

  /** A conversation without tools that the assistant is to go on with. */
  public static ChatRequestView of(List<ChatMessage> messages) {
    return new ChatRequestView(messages, List.of(), true, Map.of());
  }
}
