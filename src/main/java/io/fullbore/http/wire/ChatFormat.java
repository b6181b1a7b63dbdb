package io.fullbore.http.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fullbore.chat.ChatMessage.ToolCall;
import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.FinishReason;
import io.fullbore.core.Usage;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.sampling.TokenLogprobs;
import io.fullbore.serving.ServedModel;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The objects {@code chat.completion} and {@code chat.completion.chunk}. */
public final class ChatFormat implements AnswerFormat {
  private final AnswerHead head;
  private final TokenNames names;
  private final int choiceCount;
  private final boolean includeUsage;
  private final boolean logprobs;

  public ChatFormat(AnswerHead head, CompletionRequest request, ServedModel model) {
    this.head = head;
    names = new TokenNames(model.tokenizer(), request.tokensAsIds());
    choiceCount = request.call().choiceCount();
    includeUsage = request.includeUsage();
    logprobs = request.call().sampling().topLogprobs() >= 0;
  }

  @Override
  public String opening() {
    StringBuilder events = new StringBuilder();
    for (int choice = 0; choice < choiceCount; choice++) {
      events.append(
          chunk(
              choice,
              delta -> {
                delta.writeStringField("role", "assistant");
                delta.writeStringField("content", "");
                delta.writeNullField("refusal");
              },
              List.of(),
              null));
    }
    return events.toString();
  }

  @Override
  public String prompt(int choice, List<ScoredToken> tokens) {
    return "";
  }

  @Override
  public String delta(int choice, AnswerPart part, List<ScoredToken> tokens) {
    List<ScoredToken> shown = logprobs ? tokens : List.of();
    if (part.length() == 0 && shown.isEmpty()) {
      return "";
    }
    return chunk(choice, delta -> writePart(delta, part), shown, null);
  }

  private static void writePart(JsonGenerator json, AnswerPart part) throws IOException {
    switch (part) {
      case AnswerPart.Text(String text) -> json.writeStringField("content", text);
      case AnswerPart.Reasoning(String text) -> json.writeStringField("reasoning_content", text);
      case AnswerPart.CallStart(int call, String id, String name) -> {
        json.writeArrayFieldStart("tool_calls");
        json.writeStartObject();
        json.writeNumberField("index", call);
        writeCall(json, new ToolCall(id, name, ""));
        json.writeEndArray();
      }
      case AnswerPart.CallArguments(int call, String fragment) -> {
        json.writeArrayFieldStart("tool_calls");
        json.writeStartObject();
        json.writeNumberField("index", call);
        json.writeObjectFieldStart("function");
        json.writeStringField("arguments", fragment);
        json.writeEndObject();
        json.writeEndObject();
        json.writeEndArray();
      }
    }
  }

  /** What names a call, and the end of its object. */
  private static void writeCall(JsonGenerator json, ToolCall call) throws IOException {
    json.writeStringField("id", call.id());
    json.writeStringField("type", "function");
    json.writeObjectFieldStart("function");
    json.writeStringField("name", call.name());
    json.writeStringField("arguments", call.arguments());
    json.writeEndObject();
    json.writeEndObject();
  }

  @Override
  public String choiceEnd(int choice, FinishReason reason) {
    return chunk(choice, delta -> {}, List.of(), reason);
  }

  private String chunk(
      int choice, JsonText.Content delta, List<ScoredToken> tokens, @Nullable FinishReason reason) {
    return JsonText.event(
        json -> {
          head.writeTo(json, "chat.completion.chunk");
          json.writeArrayFieldStart("choices");
          json.writeStartObject();
          json.writeNumberField("index", choice);
          json.writeObjectFieldStart("delta");
          delta.writeTo(json);
          json.writeEndObject();
          writeLogprobs(json, tokens);
          AnswerHead.writeReason(json, reason);
          json.writeEndObject();
          json.writeEndArray();
          if (includeUsage) {
            json.writeNullField("usage");
          }
        });
  }

  @Override
  public String usage(Usage usage) {
    if (!includeUsage) {
      return "";
    }
    return JsonText.event(
        json -> {
          head.writeTo(json, "chat.completion.chunk");
          json.writeArrayFieldStart("choices");
          json.writeEndArray();
          AnswerHead.writeUsage(json, usage);
        });
  }

  @Override
  public String whole(List<FinishedChoice> choices, Usage usage) {
    return JsonText.object(
        json -> {
          head.writeTo(json, "chat.completion");
          json.writeArrayFieldStart("choices");
          for (int index = 0; index < choices.size(); index++) {
            writeChoice(json, index, choices.get(index));
          }
          json.writeEndArray();
          AnswerHead.writeUsage(json, usage);
        });
  }

  private void writeChoice(JsonGenerator json, int index, FinishedChoice choice)
      throws IOException {
    json.writeStartObject();
    json.writeNumberField("index", index);
    json.writeObjectFieldStart("message");
    json.writeStringField("role", "assistant");
    boolean callsAlone = choice.text().isEmpty() && !choice.calls().isEmpty();
    json.writeStringField("content", callsAlone ? null : choice.text());
    json.writeNullField("refusal");
    if (!choice.reasoning().isEmpty()) {
      json.writeStringField("reasoning_content", choice.reasoning());
    }
    if (!choice.calls().isEmpty()) {
      json.writeArrayFieldStart("tool_calls");
      for (ToolCall call : choice.calls()) {
        json.writeStartObject();
        writeCall(json, call);
      }
      json.writeEndArray();
    }
    json.writeEndObject();
    writeLogprobs(json, logprobs ? choice.tokens() : List.of());
    AnswerHead.writeReason(json, choice.reason());
    json.writeEndObject();
  }

  private void writeLogprobs(JsonGenerator json, List<ScoredToken> tokens) throws IOException {
    if (tokens.isEmpty()) {
      json.writeNullField("logprobs");
      return;
    }
    json.writeObjectFieldStart("logprobs");
    json.writeArrayFieldStart("content");
    for (ScoredToken token : tokens) {
      TokenLogprobs scores = token.logprobs();
      json.writeStartObject();
      writeToken(json, token.id(), scores == null ? Float.NEGATIVE_INFINITY : scores.logprob());
      json.writeArrayFieldStart("top_logprobs");
      for (int i = 0; scores != null && i < scores.topTokens().length; i++) {
        json.writeStartObject();
        writeToken(json, scores.topTokens()[i], scores.topLogprobs()[i]);
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeNullField("refusal");
    json.writeEndObject();
  }

  private void writeToken(JsonGenerator json, int id, float logprob) throws IOException {
    json.writeStringField("token", names.inChat(id));
    json.writeNumberField("logprob", TextFormat.finite(logprob));
    json.writeArrayFieldStart("bytes");
    for (byte part : names.bytes(id)) {
      json.writeNumber(Byte.toUnsignedInt(part));
    }
    json.writeEndArray();
  }
}
