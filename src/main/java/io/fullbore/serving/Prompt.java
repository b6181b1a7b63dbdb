package io.fullbore.serving;

import io.fullbore.chat.ChatMessage;
import java.util.List;
import java.util.Map;

/** What a completion starts from. */
public sealed interface Prompt {
  /**
   * A conversation, rendered by the model's chat template.
   *
   * @param tools the tool definitions as the caller wrote them
   * @param templateVariables extra variables for the template
   */
  record Chat(
      List<ChatMessage> messages,
      List<Map<String, Object>> tools,
      Map<String, Object> templateVariables)
      implements Prompt {
    public Chat {
      messages = List.copyOf(messages);
      tools = List.copyOf(tools);
    }
  }

  /** Plain text; special tokens in it are text. */
  record Text(String text) implements Prompt {}

  /** Token ids, used as they are. */
  record Tokens(List<Integer> ids) implements Prompt {
    public Tokens {
      ids = List.copyOf(ids);
    }
  }
}
