package io.fullbore.stub;

import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Chat and text completions as OpenAI and Azure send them, with fields that no client knows. The
 * choices of a stream take turns.
 */
final class OpenAiAnswers implements AnswerForm {
  /** What is answered. */
  enum Kind {
    CHAT("chat.completion", "chat.completion.chunk", "chatcmpl-"),
    /** Chat whose streams begin with a chunk without choices. */
    AZURE_CHAT("chat.completion", "chat.completion.chunk", "chatcmpl-"),
    TEXT("text_completion", "text_completion", "cmpl-");

    private final String whole;
    private final String chunk;
    private final String idPrefix;

    Kind(String whole, String chunk, String idPrefix) {
      this.whole = whole;
      this.chunk = chunk;
      this.idPrefix = idPrefix;
    }
  }

  private final Kind kind;

  OpenAiAnswers(Kind kind) {
    this.kind = kind;
  }

  @Override
  public Optional<String> misfit(MultiMap headers, Question question) {
    if (kind == Kind.TEXT) {
      return question.body().containsKey("prompt")
          ? Optional.empty()
          : Optional.of("Missing required parameter: 'prompt'.");
    }
    return question.body().getValue("messages") instanceof JsonArray
        ? Optional.empty()
        : Optional.of("Missing required parameter: 'messages'.");
  }

  @Override
  public String whole(Question question) {
    var choices = new JsonArray();
    for (int index = 0; index < question.choices(); index++) {
      JsonObject choice = new JsonObject().put("index", index);
      if (kind == Kind.TEXT) {
        choice.put("text", Words.text(question.tokens()));
      } else {
        choice.put("message", message(question, index));
      }
      choices.add(choice.putNull("logprobs").put("finish_reason", finishReason(question)));
    }
    JsonObject answer = head(question, kind.whole).put("choices", choices);
    if (question.shape().usage()) {
      answer.put("usage", usage(question));
    }
    return answer.encode();
  }

  private static JsonObject message(Question question, int choice) {
    JsonObject message =
        new JsonObject()
            .put("role", "assistant")
            .putNull("content")
            .putNull("refusal")
            .put("annotations", new JsonArray());
    if (question.shape().reasoningTokens() > 0) {
      message.put("reasoning_content", Words.text(question.shape().reasoningTokens()));
    }
    if (question.shape().toolCalls() == 0) {
      return message.put("content", Words.text(question.tokens()));
    }
    var calls = new JsonArray();
    for (int index = 0; index < question.shape().toolCalls(); index++) {
      calls.add(
          toolCall(question, choice, index)
              .put("function", function(question, Words.toolArguments())));
    }
    return message.put("tool_calls", calls);
  }

  @Override
  public Events events(Question question) {
    var stream = new Stream(question);
    if (kind == Kind.AZURE_CHAT) {
      stream.filterResults();
    }
    if (kind != Kind.TEXT) {
      stream.forEachChoice(
          ignored ->
              new JsonObject().put("role", "assistant").put("content", "").putNull("refusal"));
    }
    for (int i = 0; i < question.shape().reasoningTokens(); i++) {
      String token = Words.token(i);
      stream.forEachChoice(ignored -> new JsonObject().put("reasoning_content", token));
    }
    if (question.shape().toolCalls() > 0) {
      stream.toolCalls();
    } else {
      for (int i = 0; i < question.tokens(); i++) {
        String token = Words.token(i);
        stream.forEachChoice(ignored -> new JsonObject().put("content", token));
      }
    }
    int before = stream.events.size();
    stream.end();
    return new Events(stream.events, stream.events.size() - before);
  }

  @Override
  public String error(int status, @Nullable String code, String message) {
    String type =
        switch (status) {
          case 401 -> "authentication_error";
          case 429 -> "rate_limit_error";
          default -> status < 500 ? "invalid_request_error" : "server_error";
        };
    JsonObject error =
        new JsonObject()
            .put("message", message)
            .put("type", type)
            .putNull("param")
            .put("code", status == 429 && code == null ? "rate_limit_exceeded" : code);
    return new JsonObject().put("error", error).encode();
  }

  @Override
  public String errorEvent(String message) {
    return event(new JsonObject(error(500, null, message)));
  }

  private JsonObject head(Question question, String object) {
    return new JsonObject()
        .put("id", kind.idPrefix + question.id())
        .put("object", object)
        .put("created", question.createdSeconds())
        .put("model", question.model())
        .put("service_tier", "default")
        .put("system_fingerprint", "fp_44709d6fcb")
        .put("x_extra", new JsonObject().put("stub", true));
  }

  private static JsonObject toolCall(Question question, int choice, int index) {
    return new JsonObject()
        .put("id", "call_%s%d%d".formatted(question.id().substring(0, 22), choice, index))
        .put("type", "function");
  }

  private static JsonObject function(Question question, String arguments) {
    return new JsonObject().put("name", question.toolName()).put("arguments", arguments);
  }

  private static String finishReason(Question question) {
    if (question.shape().toolCalls() > 0) {
      return "tool_calls";
    }
    return question.isCutAtMaxTokens() ? "length" : "stop";
  }

  private static JsonObject usage(Question question) {
    int reasoning = question.shape().reasoningTokens();
    int answer =
        question.shape().toolCalls() > 0
            ? question.shape().toolCalls() * Words.TOOL_ARGUMENTS.size()
            : question.tokens();
    int completion = question.choices() * (reasoning + answer);
    return new JsonObject()
        .put("prompt_tokens", question.promptTokens())
        .put("completion_tokens", completion)
        .put("total_tokens", question.promptTokens() + completion)
        .put(
            "prompt_tokens_details",
            new JsonObject().put("cached_tokens", 0).put("audio_tokens", 0))
        .put(
            "completion_tokens_details",
            new JsonObject().put("reasoning_tokens", question.choices() * reasoning));
  }

  private static String event(JsonObject data) {
    return "data: " + data.encode() + "\n\n";
  }

  /** The chunks of one answer. */
  private final class Stream {
    final List<String> events = new ArrayList<>();
    private final Question question;
    private final boolean usage;

    Stream(Question question) {
      this.question = question;
      this.usage =
          question.shape().usage()
              && question.body().getValue("stream_options") instanceof JsonObject options
              && Boolean.TRUE.equals(options.getValue("include_usage"));
    }

    /** The delta of one choice. */
    @FunctionalInterface
    interface Delta {
      JsonObject of(int choice);
    }

    void forEachChoice(Delta delta) {
      for (int index = 0; index < question.choices(); index++) {
        add(choice(index, delta.of(index)).putNull("finish_reason"));
      }
    }

    private JsonObject choice(int index, JsonObject delta) {
      JsonObject choice = new JsonObject().put("index", index);
      if (kind == Kind.TEXT) {
        choice.put("text", delta.getString("content", ""));
      } else {
        choice.put("delta", delta);
      }
      return choice.putNull("logprobs");
    }

    private void add(JsonObject choice) {
      add(new JsonArray().add(choice), null);
    }

    private void add(JsonArray choices, @Nullable JsonObject counted) {
      JsonObject chunk = head(question, kind.chunk).put("choices", choices);
      if (usage) {
        chunk.put("usage", counted);
      }
      events.add(event(chunk));
    }

    void filterResults() {
      JsonObject result =
          new JsonObject().put("prompt_index", 0).put("content_filter_results", new JsonObject());
      events.add(
          event(
              new JsonObject()
                  .put("choices", new JsonArray())
                  .put("created", 0)
                  .put("id", "")
                  .put("model", "")
                  .put("object", "")
                  .put("prompt_filter_results", new JsonArray().add(result))));
    }

    void toolCalls() {
      for (int call = 0; call < question.shape().toolCalls(); call++) {
        int index = call;
        forEachChoice(
            choice ->
                calls(
                    toolCall(question, choice, index)
                        .put("index", index)
                        .put("function", function(question, ""))));
        for (String piece : Words.TOOL_ARGUMENTS) {
          forEachChoice(
              ignored ->
                  calls(
                      new JsonObject()
                          .put("index", index)
                          .put("function", new JsonObject().put("arguments", piece))));
        }
      }
    }

    private static JsonObject calls(JsonObject call) {
      return new JsonObject().put("tool_calls", new JsonArray().add(call));
    }

    void end() {
      for (int index = 0; index < question.choices(); index++) {
        add(choice(index, new JsonObject()).put("finish_reason", finishReason(question)));
      }
      if (usage) {
        add(new JsonArray(), OpenAiAnswers.usage(question));
      }
      events.add("data: [DONE]\n\n");
    }
  }
}
