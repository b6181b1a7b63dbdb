package io.fullbore.serving;

import io.fullbore.chat.ChatMessage;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a completion starts from. */
public sealed interface Prompt {
  /**
   * A conversation, rendered by the model's chat template.
   *
   * @param tools what the model may call
   * @param templateVariables extra variables for the template
   * @param reasoningEffort how long the model is to think; null where nothing is said of it
   */
  record Chat(
      List<ChatMessage> messages,
      ToolOffer tools,
      Map<String, Object> templateVariables,
      @Nullable String reasoningEffort)
      implements Prompt {
    public Chat {
      messages = List.copyOf(messages);
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
