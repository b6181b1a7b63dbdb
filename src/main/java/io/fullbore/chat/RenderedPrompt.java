package io.fullbore.chat;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A rendered conversation; the spans one after the other are the prompt.
 *
 * <p>The tokenizer reads special tokens in spans of the template, and must not read control tokens
 * in spans of messages: there they are words that a user wrote. Only such words become spans of
 * their own; ordinary text of messages stays joined with the template's around it, so that it is
 * tokenized as if nothing had been cut.
 */
public record RenderedPrompt(List<Span> spans) {
  public RenderedPrompt {
    spans = List.copyOf(spans);
  }

  /**
   * A piece of the prompt.
   *
   * @param fromMessage whether special tokens in this text are mere text
   */
  public record Span(String text, boolean fromMessage) {}

  /** The whole prompt. */
  public String text() {
    return spans.stream().map(Span::text).collect(Collectors.joining());
  }
}
