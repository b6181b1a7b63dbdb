package io.fullbore.chat.answer;

import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a model's answers are made of beside text; found once per model. Immutable.
 *
 * @param tools how it calls tools; null where that is not known
 * @param reasoning what it puts around its reasoning; null where it does not reason
 */
public record AnswerSyntax(@Nullable ToolFormat tools, @Nullable ReasoningTags reasoning) {
  /** Nothing but text. */
  public static final AnswerSyntax PLAIN = new AnswerSyntax(null, null);

  /**
   * The syntax that a model was trained on, as far as it shows.
   *
   * @param template the source of its chat template
   * @param isToken whether a text is a token of its vocabulary
   */
  public static AnswerSyntax of(String template, Predicate<String> isToken) {
    return new AnswerSyntax(
        ToolFormat.of(template, isToken).orElse(null),
        ReasoningTags.of(template, isToken).orElse(null));
  }

  /** Whether an answer to this prompt begins amid reasoning. */
  public boolean opensReasoning(String prompt) {
    return reasoning != null && prompt.stripTrailing().endsWith(reasoning.open());
  }

  /**
   * A parser for one answer.
   *
   * @param names of the tools that the model may call; without any, nothing is a call
   * @param oneCall whether the answer ends with its first call
   * @param inReasoning whether it begins amid reasoning
   * @param ids names the calls
   */
  public AnswerParser parser(
      Set<String> names, boolean oneCall, boolean inReasoning, Supplier<String> ids) {
    return new AnswerParser(this, names, oneCall, inReasoning, ids);
  }
}
