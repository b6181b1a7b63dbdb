package io.fullbore.upstream;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/**
 * A request as its caller wrote it, to be passed on with another model's name. Not changed after it
 * was made: several attempts may read it.
 *
 * @param endpoint what was called
 * @param body the request in OpenAI's form, with fields that nobody here knows
 * @param stream whether the answer comes as events
 * @param includeUsage whether the caller wants the token counts at a stream's end
 * @param choiceCount choices of all prompts together
 * @param maxAnswerTokens tokens per choice that the caller allows, or null where it does not say
 * @param bodyBytes the body's length as it came
 * @param original the same request in Anthropic's form, where the caller wrote it so; null
 *     elsewhere
 */
public record ForwardedCall(
    Endpoint endpoint,
    ObjectNode body,
    boolean stream,
    boolean includeUsage,
    int choiceCount,
    @Nullable Integer maxAnswerTokens,
    int bodyBytes,
    @Nullable ObjectNode original) {
  /** A request that was written in OpenAI's form. */
  public ForwardedCall(
      Endpoint endpoint,
      ObjectNode body,
      boolean stream,
      boolean includeUsage,
      int choiceCount,
      @Nullable Integer maxAnswerTokens,
      int bodyBytes) {
    this(endpoint, body, stream, includeUsage, choiceCount, maxAnswerTokens, bodyBytes, null);
  }

  /** What can be forwarded. */
  public enum Endpoint {
    CHAT_COMPLETIONS,
    COMPLETIONS
  }

  /**
   * Tokens that all choices may have together.
   *
   * @param unstated tokens per choice where the caller does not say
   */
  public long answerTokens(long unstated) {
    return choiceCount * (maxAnswerTokens == null ? unstated : maxAnswerTokens);
  }
}
