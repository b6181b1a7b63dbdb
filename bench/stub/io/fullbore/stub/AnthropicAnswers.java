package io.fullbore.stub;

import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Anthropic's messages: blocks of thinking, text and tool use, and the events that build them. */
final class AnthropicAnswers implements AnswerForm {
  private static final int OVERLOADED = 529;

  @Override
  public Optional<String> misfit(MultiMap headers, Question question) {
    if (!headers.contains("anthropic-version")) {
      return Optional.of("anthropic-version: header is required");
    }
    if (!(question.body().getValue("max_tokens") instanceof Integer)) {
      return Optional.of("max_tokens: Field required");
    }
    if (!(question.body().getValue("messages") instanceof JsonArray messages)) {
      return Optional.of("messages: Field required");
    }
    for (int i = 0; i < messages.size(); i++) {
      String role = messages.getJsonObject(i).getString("role");
      if (!role.equals("user") && !role.equals("assistant")) {
        return Optional.of("messages.%d.role: Input should be 'user' or 'assistant'".formatted(i));
      }
    }
    return Optional.empty();
  }

  /** A block of content, and the deltas that build it. */
  private record Block(JsonObject start, JsonObject whole, List<JsonObject> deltas) {}

  private static List<Block> blocks(Question question) {
    List<Block> blocks = new ArrayList<>();
    int thinking = question.shape().reasoningTokens();
    if (thinking > 0) {
      List<JsonObject> deltas = new ArrayList<>(deltas("thinking_delta", "thinking", thinking));
      deltas.add(typed("signature_delta").put("signature", "EqQBCg=="));
      blocks.add(
          new Block(
              typed("thinking").put("thinking", "").put("signature", ""),
              typed("thinking").put("thinking", Words.text(thinking)).put("signature", "EqQBCg=="),
              deltas));
    }
    if (question.shape().toolCalls() == 0) {
      blocks.add(
          new Block(
              typed("text").put("text", ""),
              typed("text").put("text", Words.text(question.tokens())),
              deltas("text_delta", "text", question.tokens())));
    }
    for (int index = 0; index < question.shape().toolCalls(); index++) {
      blocks.add(toolUse(question, index));
    }
    return blocks;
  }

  private static List<JsonObject> deltas(String type, String field, int tokens) {
    List<JsonObject> deltas = new ArrayList<>();
    for (int i = 0; i < tokens; i++) {
      deltas.add(typed(type).put(field, Words.token(i)));
    }
    return deltas;
  }

  private static Block toolUse(Question question, int index) {
    JsonObject start =
        typed("tool_use")
            .put("id", "toolu_%s%d".formatted(question.id().substring(0, 22), index))
            .put("name", question.toolName())
            .put("input", new JsonObject());
    List<JsonObject> deltas = new ArrayList<>();
    deltas.add(typed("input_json_delta").put("partial_json", ""));
    for (String piece : Words.TOOL_ARGUMENTS) {
      deltas.add(typed("input_json_delta").put("partial_json", piece));
    }
    return new Block(
        start, start.copy().put("input", new JsonObject(Words.toolArguments())), deltas);
  }

  @Override
  public String whole(Question question) {
    var content = new JsonArray();
    blocks(question).forEach(block -> content.add(block.whole()));
    JsonObject message =
        message(question)
            .put("content", content)
            .put("stop_reason", stopReason(question))
            .putNull("stop_sequence");
    if (question.shape().usage()) {
      message.put("usage", promptUsage(question).put("output_tokens", answerTokens(question)));
    }
    return message.encode();
  }

  @Override
  public Events events(Question question) {
    List<String> events = new ArrayList<>();
    JsonObject message =
        message(question)
            .put("content", new JsonArray())
            .putNull("stop_reason")
            .putNull("stop_sequence");
    if (question.shape().usage()) {
      message.put("usage", promptUsage(question).put("output_tokens", 1));
    }
    events.add(event(typed("message_start").put("message", message)));
    List<Block> blocks = blocks(question);
    for (int index = 0; index < blocks.size(); index++) {
      Block block = blocks.get(index);
      events.add(event(indexed("content_block_start", index).put("content_block", block.start())));
      if (index == 0) {
        events.add(event(typed("ping")));
      }
      for (JsonObject delta : block.deltas()) {
        events.add(event(indexed("content_block_delta", index).put("delta", delta)));
      }
      events.add(event(indexed("content_block_stop", index)));
    }
    JsonObject end =
        typed("message_delta")
            .put(
                "delta",
                new JsonObject().put("stop_reason", stopReason(question)).putNull("stop_sequence"));
    if (question.shape().usage()) {
      end.put("usage", new JsonObject().put("output_tokens", answerTokens(question)));
    }
    events.add(event(end));
    events.add(event(typed("message_stop")));
    return new Events(events, 2);
  }

  @Override
  public String error(int status, @Nullable String code, String message) {
    String type =
        switch (status) {
          case 401 -> "authentication_error";
          case 403 -> "permission_error";
          case 404 -> "not_found_error";
          case 413 -> "request_too_large";
          case 429 -> "rate_limit_error";
          case OVERLOADED -> "overloaded_error";
          default -> status < 500 ? "invalid_request_error" : "api_error";
        };
    return typed("error")
        .put("error", typed(code == null ? type : code).put("message", message))
        .put("request_id", "req_011CSHoEeqs5C35K2UUqR7Fy")
        .encode();
  }

  @Override
  public String errorEvent(String message) {
    return event(new JsonObject(error(OVERLOADED, null, message)));
  }

  private static JsonObject message(Question question) {
    return new JsonObject()
        .put("id", "msg_" + question.id())
        .put("type", "message")
        .put("role", "assistant")
        .put("model", question.model())
        .put("x_extra", new JsonObject().put("stub", true));
  }

  private static String stopReason(Question question) {
    if (question.shape().toolCalls() > 0) {
      return "tool_use";
    }
    return question.isCutAtMaxTokens() ? "max_tokens" : "end_turn";
  }

  private static JsonObject promptUsage(Question question) {
    return new JsonObject()
        .put("input_tokens", question.promptTokens())
        .put("cache_creation_input_tokens", 0)
        .put("cache_read_input_tokens", 0)
        .put("service_tier", "standard");
  }

  private static int answerTokens(Question question) {
    int calls = question.shape().toolCalls();
    return question.shape().reasoningTokens()
        + (calls > 0 ? calls * Words.TOOL_ARGUMENTS.size() : question.tokens());
  }

  private static JsonObject typed(String type) {
    return new JsonObject().put("type", type);
  }

  private static JsonObject indexed(String type, int index) {
    return typed(type).put("index", index);
  }

  private static String event(JsonObject data) {
    return "event: %s\ndata: %s\n\n".formatted(data.getString("type"), data.encode());
  }
}
