package io.fullbore.chat;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One message of a conversation, as a chat template sees it.
 *
 * @param role such as {@code system}, {@code user}, {@code assistant} or {@code tool}
 * @param content the text; null only where the assistant did nothing but call tools
 * @param name of the participant or of the tool that answered
 * @param toolCalls what the assistant called; empty for every other role
 * @param toolCallId the call that a tool's message answers
 * @param reasoningContent what the assistant thought before it answered, for models that want it
 *     back
 */
public record ChatMessage(
    String role,
    @Nullable String content,
    @Nullable String name,
    List<ToolCall> toolCalls,
    @Nullable String toolCallId,
    @Nullable String reasoningContent) {

  /** The roles that a template may build special tokens from; any other is mere text. */
  static final Set<String> KNOWN_ROLES =
      Set.of("system", "developer", "user", "assistant", "tool", "function");

  private static final int MAX_ROLE_CHARS = 64;

  public ChatMessage {
    if (role.isBlank() || role.length() > MAX_ROLE_CHARS) {
      throw new IllegalArgumentException(
          "role must have 1 to %d characters, got length=%d"
              .formatted(MAX_ROLE_CHARS, role.length()));
    }
    toolCalls = List.copyOf(toolCalls);
    if (!toolCalls.isEmpty() && !role.equals("assistant")) {
      throw new IllegalArgumentException(
          "role=%s has tool calls; only the assistant calls tools".formatted(role));
    }
    if (content == null && toolCalls.isEmpty()) {
      throw new IllegalArgumentException(
          "role=%s has neither content nor tool calls".formatted(role));
    }
    if (toolCallId != null && !role.equals("tool")) {
      throw new IllegalArgumentException(
          "role=%s has a tool call id; only a tool's message answers a call".formatted(role));
    }
  }

  /** A message of nothing but text. */
  public static ChatMessage of(String role, String content) {
    return new ChatMessage(role, content, null, List.of(), null, null);
  }

  /**
   * A call of a function by the assistant.
   *
   * @param arguments JSON as text, as the model wrote it
   */
  public record ToolCall(String id, String name, String arguments) {
    public ToolCall {
      if (name.isBlank()) {
        throw new IllegalArgumentException("a tool call id=%s has no function name".formatted(id));
      }
    }
  }
}
