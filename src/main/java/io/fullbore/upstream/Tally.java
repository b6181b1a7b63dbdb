package io.fullbore.upstream;

import com.fasterxml.jackson.databind.JsonNode;
import io.fullbore.core.Usage;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one answer has used: as its upstream counts, or else counted from its text. The text is kept
 * for that, as no stream says before its end whether it will count. Confined to an event loop.
 */
final class Tally {
  private static final Usage NOTHING = new Usage(0, 0, 0);

  /** Text of all choices that is kept; what is beyond counts as a token each four characters. */
  private static final int MAX_CHARS = 4 << 20;

  private static final int CHARS_PER_TOKEN = 4;

  private final List<StringBuilder> texts = new ArrayList<>(1);
  private long charCount;
  private long uncountedChars;
  private boolean begun;
  private @Nullable Usage reported;

  /** A piece of the answer came, whatever is in it. */
  void begin() {
    begun = true;
  }

  boolean begun() {
    return begun;
  }

  /**
   * More of what a model wrote.
   *
   * @param choice from 0, not far beyond those that came before
   */
  void add(int choice, CharSequence text) {
    charCount += text.length();
    if (charCount > MAX_CHARS) {
      uncountedChars += text.length();
      return;
    }
    while (texts.size() <= choice) {
      texts.add(new StringBuilder());
    }
    texts.get(choice).append(text);
  }

  /**
   * The upstream's count so far, in OpenAI's form; the last one holds. Nonsense and zeros count as
   * none: every prompt has a token.
   */
  void report(JsonNode usage) {
    int prompt = count(usage.path("prompt_tokens"));
    int completion = count(usage.path("completion_tokens"));
    if (prompt + (long) completion > 0) {
      int cached = count(usage.path("prompt_tokens_details").path("cached_tokens"));
      reported = new Usage(prompt, cached, completion);
    }
  }

  private static int count(JsonNode count) {
    return count.canConvertToInt() ? Math.max(0, count.intValue()) : 0;
  }

  /**
   * The tokens used, counted on a worker where they must be. Never fails.
   *
   * @param complete whether the answer is; else the upstream's count may lag behind
   */
  Future<Usage> usage(
      Vertx vertx, TokenCount tokenCount, ForwardedCall call, String model, boolean complete) {
    Usage known = reported;
    if (known != null && complete) {
      return Future.succeededFuture(known);
    }
    if (known == null && !begun) {
      return Future.succeededFuture(NOTHING);
    }
    List<String> answer = texts.stream().map(StringBuilder::toString).toList();
    long beyond = uncountedChars / CHARS_PER_TOKEN;
    return vertx
        .executeBlocking(
            () -> {
              long tokens = beyond;
              for (String text : answer) {
                tokens += tokenCount.textTokens(text, model);
              }
              return known != null
                  ? usage(known.promptTokens(), known.cachedTokens(), tokens, known)
                  : usage(tokenCount.promptTokens(call, model), 0, tokens, NOTHING);
            },
            false)
        // workers that take no more are those of a process that stops
        .otherwise(
            ignored -> known != null ? known : usage(0, 0, charCount / CHARS_PER_TOKEN, NOTHING));
  }

  private static Usage usage(long prompt, long cached, long completion, Usage least) {
    return new Usage(
        (int) Math.min(prompt, Integer.MAX_VALUE),
        (int) cached,
        (int) Math.min(Math.max(completion, least.completionTokens()), Integer.MAX_VALUE));
  }
}
