package io.fullbore.serving;

import io.fullbore.chat.ChatRequestView;
import io.fullbore.chat.ChatTemplate;
import io.fullbore.chat.RenderedPrompt;
import io.fullbore.core.Failure;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Gives a conversation to a model's template, and finds what the template would pass over. */
final class ChatRendering {
  private static final String EFFORT = "reasoning_effort";

  /** How templates without degrees call the switch of reasoning. */
  private static final String SWITCH = "enable_thinking";

  private static final String OFF = "none";

  private ChatRendering() {}

  /** What the request wants of the model and its template does not know; null for nothing. */
  static @Nullable Failure unread(Prompt.Chat chat, ServedModel model) {
    ChatTemplate template = model.template();
    if (!chat.tools().isEmpty() && !template.reads("tools")) {
      return new Failure.InvalidRequest(
          "Unsupported parameter: 'tools' is not known to the chat template of this model.",
          "tools",
          "unsupported_parameter");
    }
    if (chat.reasoningEffort() != null && !template.reads(EFFORT) && !template.reads(SWITCH)) {
      return new Failure.InvalidRequest(
          "Unsupported parameter: '%s' is not known to the chat template of this model."
              .formatted(EFFORT),
          EFFORT,
          "unsupported_parameter");
    }
    return null;
  }

  /**
   * @param addGenerationPrompt whether the answer's beginning follows
   * @throws io.fullbore.chat.ChatTemplateException where the template does not take the messages
   */
  static RenderedPrompt render(Prompt.Chat chat, ServedModel model, boolean addGenerationPrompt) {
    ChatTemplate template = model.template();
    return template.render(
        new ChatRequestView(
            chat.messages(),
            chat.tools().definitions(),
            addGenerationPrompt,
            variables(chat, template)));
  }

  /** The caller's own variables go before what is made of the effort. */
  private static Map<String, Object> variables(Prompt.Chat chat, ChatTemplate template) {
    String effort = chat.reasoningEffort();
    if (effort == null) {
      return chat.templateVariables();
    }
    Map<String, Object> variables = new HashMap<>(chat.templateVariables());
    if (template.reads(EFFORT)) {
      variables.putIfAbsent(EFFORT, effort);
    }
    if (template.reads(SWITCH)) {
      variables.putIfAbsent(SWITCH, !effort.equals(OFF));
    }
    return variables;
  }
}
