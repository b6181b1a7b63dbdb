package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The tokens that an answer of Anthropic's API has used. A stream tells them several times, each
 * time in total: the last word on each count holds. Its {@code input_tokens} are those that no
 * cache had to do with, while OpenAI's {@code prompt_tokens} are all.
 */
final class AnthropicUsage {
  private static final int UNKNOWN = -1;

  private int inputTokens = UNKNOWN;
  private int outputTokens = UNKNOWN;
  private int cacheCreationTokens;
  private int cacheReadTokens;
  private int thinkingTokens = UNKNOWN;

  void read(JsonNode usage) {
    inputTokens = count(usage, "input_tokens", inputTokens);
    outputTokens = count(usage, "output_tokens", outputTokens);
    cacheCreationTokens = count(usage, "cache_creation_input_tokens", cacheCreationTokens);
    cacheReadTokens = count(usage, "cache_read_input_tokens", cacheReadTokens);
    thinkingTokens = count(usage.path("output_tokens_details"), "thinking_tokens", thinkingTokens);
  }

  private static int count(JsonNode usage, String name, int before) {
    return usage.hasNonNull(name) ? AnswerFields.count(usage, name) : before;
  }

  /**
   * @throws IllegalArgumentException where too little was told, or too much to count
   */
  ObjectNode openAi() {
    if (inputTokens == UNKNOWN || outputTokens == UNKNOWN) {
      throw new IllegalArgumentException(
          "malformed answer: usage lacks input_tokens or output_tokens");
    }
    long promptTokens = (long) inputTokens + cacheCreationTokens + cacheReadTokens;
    long totalTokens = promptTokens + outputTokens;
    if (totalTokens > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "malformed answer: usage has totalTokens=%d".formatted(totalTokens));
    }
    ObjectNode usage =
        JsonNodeFactory.instance
            .objectNode()
            .put("prompt_tokens", promptTokens)
            .put("completion_tokens", outputTokens)
            .put("total_tokens", totalTokens);
    usage.putObject("prompt_tokens_details").put("cached_tokens", cacheReadTokens);
    if (thinkingTokens != UNKNOWN) {
      usage.putObject("completion_tokens_details").put("reasoning_tokens", thinkingTokens);
    }
    return usage;
  }
}
