package io.fullbore.stub;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One request to be answered.
 *
 * @param model as the path or the body names it
 * @param id random letters that make its answer's ids
 */
record Question(String model, JsonObject body, AnswerShape shape, String id, long createdSeconds) {
  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  private static final int ID_LENGTH = 29;
  private static final int CHARS_PER_TOKEN = 4;

  static String newId(RandomGenerator random) {
    var id = new StringBuilder(ID_LENGTH);
    for (int i = 0; i < ID_LENGTH; i++) {
      id.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return id.toString();
  }

  boolean stream() {
    return body.getValue("stream") instanceof Boolean stream && stream;
  }

  /** Content tokens of each choice. */
  int tokens() {
    return Math.min(shape.tokens(), maxTokens());
  }

  boolean isCutAtMaxTokens() {
    return shape.tokens() > maxTokens();
  }

  private int maxTokens() {
    for (String field : new String[] {"max_completion_tokens", "max_tokens"}) {
      if (body.getValue(field) instanceof Number limit) {
        return limit.intValue();
      }
    }
    return Integer.MAX_VALUE;
  }

  int choices() {
    return body.getValue("n") instanceof Number n ? n.intValue() : 1;
  }

  /** Roughly: by the length of the text that asks. */
  int promptTokens() {
    Object prompt = body.getValue("messages", body.getValue("prompt", ""));
    return 1 + prompt.toString().length() / CHARS_PER_TOKEN;
  }

  /** The first tool's name, in OpenAI's form or in Anthropic's. */
  String toolName() {
    if (body.getValue("tools") instanceof JsonArray tools && !tools.isEmpty()) {
      JsonObject tool = tools.getJsonObject(0);
      @Nullable String name = tool.getJsonObject("function", tool).getString("name");
      if (name != null) {
        return name;
      }
    }
    return "get_weather";
  }
}
