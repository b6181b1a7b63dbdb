package io.fullbore.http.wire;

import io.fullbore.core.Failure;
import io.fullbore.serving.CompletionCall;
import io.fullbore.serving.Prompt;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * How long an answer can get, known before it is asked for. A scored token is some fifty to a
 * hundred bytes of JSON, and so is each of its alternatives; an answer's text is short beside them.
 */
public final class AnswerSize {
  /** Log-probabilities of one answer, alternatives included: up to 200 MB. */
  static final long MAX_ENTRIES = 1L << 21;

  /** Those of one prompt in a stream, which gets them in one event. */
  static final long MAX_EVENT_ENTRIES = 1L << 18;

  /** Choices that one request may have over all its prompts where they are scored. */
  static final int MAX_SCORED_CHOICES = 128;

  /** Bytes of all the prompts that come back, once for every choice. */
  static final long MAX_ECHO_BYTES = 8L << 20;

  private AnswerSize() {}

  /**
   * What stands against an answer of this size.
   *
   * @param contextTokens the longest prompt and answer together
   * @return null where nothing does
   */
  public static Failure.@Nullable InvalidRequest misfit(
      CompletionRequest request, int contextTokens) {
    CompletionCall call = request.call();
    int top = call.sampling().topLogprobs();
    long answerTokens = call.maxTokens() == null ? contextTokens : call.maxTokens();
    long scoredTokens = 0;
    long longestPrompt = 0;
    long echoBytes = 0;
    for (Prompt prompt : call.prompts()) {
      long promptBytes = request.echo() ? bytes(prompt) : 0;
      long promptTokens = Math.min(contextTokens, promptBytes + 1);
      longestPrompt = Math.max(longestPrompt, promptTokens);
      echoBytes += promptBytes;
      scoredTokens += Math.min(contextTokens, answerTokens + (request.echo() ? promptTokens : 0));
    }
    if (request.echo() && echoBytes * call.choicesPerPrompt() > MAX_ECHO_BYTES) {
      return invalid(
          "echo", "the prompts of all choices are longer than %d bytes.".formatted(MAX_ECHO_BYTES));
    }
    if (top < 0) {
      return null;
    }
    if (call.choiceCount() > MAX_SCORED_CHOICES) {
      return invalid(
          "logprobs",
          "they are given for at most %d choices, and these are %d."
              .formatted(MAX_SCORED_CHOICES, call.choiceCount()));
    }
    long entries = scoredTokens * call.choicesPerPrompt() * (1 + top);
    if (entries > MAX_ENTRIES) {
      return invalid(
          "logprobs",
          "up to %d of them are more than the %d of one answer; give a lower 'max_tokens'."
              .formatted(entries, MAX_ENTRIES));
    }
    if (request.stream() && request.echo() && longestPrompt * (1 + top) > MAX_EVENT_ENTRIES) {
      return invalid(
          "logprobs",
          "up to %d of one prompt are more than the %d of one event; do not ask for a stream."
              .formatted(longestPrompt * (1 + top), MAX_EVENT_ENTRIES));
    }
    return null;
  }

  /** No shorter than the prompt in tokens. */
  private static long bytes(Prompt prompt) {
    return switch (prompt) {
      case Prompt.Text(String text) -> text.getBytes(StandardCharsets.UTF_8).length;
      case Prompt.Tokens tokens -> tokens.ids().size();
      case Prompt.Chat chat -> 0;
    };
  }

  private static Failure.InvalidRequest invalid(String param, String why) {
    return new Failure.InvalidRequest(
        "Invalid value for '%s': %s".formatted(param, why), param, "invalid_value");
  }
}
