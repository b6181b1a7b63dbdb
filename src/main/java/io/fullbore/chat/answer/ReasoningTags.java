package io.fullbore.chat.answer;

import java.util.Optional;
import java.util.function.Predicate;

/** What a model puts around its reasoning. */
public enum ReasoningTags {
  ANGLE("<think>", "</think>"),
  SQUARE("[THINK]", "[/THINK]");

  private final String open;
  private final String close;

  ReasoningTags(String open, String close) {
    this.open = open;
    this.close = close;
  }

  /**
   * Those of a model, if it reasons.
   *
   * @param template the source of its chat template
   * @param isToken whether a text is a token of its vocabulary
   */
  static Optional<ReasoningTags> of(String template, Predicate<String> isToken) {
    for (ReasoningTags tags : values()) {
      if (template.contains(tags.close) || isToken.test(tags.open) && isToken.test(tags.close)) {
        return Optional.of(tags);
      }
    }
    return Optional.empty();
  }

  String open() {
    return open;
  }

  String close() {
    return close;
  }
}
