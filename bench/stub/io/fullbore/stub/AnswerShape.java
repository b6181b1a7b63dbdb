package io.fullbore.stub;

/**
 * What the stub answers.
 *
 * @param tokens content pieces of every choice, unless the request allows fewer
 * @param reasoningTokens pieces of {@code reasoning_content} (Anthropic's thinking) before them
 * @param toolCalls calls of the request's first tool, in place of content
 * @param usage whether tokens are counted where a request asks for it or an answer is whole
 */
public record AnswerShape(int tokens, int reasoningTokens, int toolCalls, boolean usage) {
  public static final AnswerShape PLAIN = new AnswerShape(8, 0, 0, true);

  public AnswerShape {
    if (tokens < 0 || reasoningTokens < 0 || toolCalls < 0) {
      throw new IllegalArgumentException(
          "answer: tokens=%d, reasoningTokens=%d and toolCalls=%d must not be negative"
              .formatted(tokens, reasoningTokens, toolCalls));
    }
  }

  public AnswerShape withTokens(int tokens) {
    return new AnswerShape(tokens, reasoningTokens, toolCalls, usage);
  }

  public AnswerShape withReasoningTokens(int reasoningTokens) {
    return new AnswerShape(tokens, reasoningTokens, toolCalls, usage);
  }

  public AnswerShape withToolCalls(int toolCalls) {
    return new AnswerShape(tokens, reasoningTokens, toolCalls, usage);
  }

  public AnswerShape withoutUsage() {
    return new AnswerShape(tokens, reasoningTokens, toolCalls, false);
  }
}
