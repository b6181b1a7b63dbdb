package io.fullbore.http.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import io.fullbore.chat.answer.AnswerPart;
import io.fullbore.core.FinishReason;
import io.fullbore.core.Usage;
import io.fullbore.sampling.ScoredToken;
import io.fullbore.sampling.TokenLogprobs;
import io.fullbore.serving.Prompt;
import io.fullbore.serving.ServedModel;
import io.fullbore.tokenizer.Detokenizer;
import io.fullbore.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The object {@code text_completion}, whole or in pieces. */
public final class TextFormat implements AnswerFormat {
  /** JSON has no infinity; what cannot be at all is said to be as unlikely as this. */
  private static final float LEAST_LOGPROB = -9999;

  private final AnswerHead head;
  private final CompletionRequest request;
  private final Tokenizer tokenizer;
  private final TokenNames names;
  private final boolean logprobs;
  private final TextPosition[] positions; // [choice]

  public TextFormat(AnswerHead head, CompletionRequest request, ServedModel model) {
    this.head = head;
    this.request = request;
    tokenizer = model.tokenizer();
    names = new TokenNames(tokenizer, request.tokensAsIds());
    logprobs = request.call().sampling().topLogprobs() >= 0;
    positions = new TextPosition[request.call().choiceCount()];
  }

  /** Where in a choice's text the next token begins. */
  private static final class TextPosition {
    private final Detokenizer detokenizer;
    private int offset;

    TextPosition(Detokenizer detokenizer, int offset) {
      this.detokenizer = detokenizer;
      this.offset = offset;
    }

    int passed(int token) {
      int start = offset;
      offset += detokenizer.accept(token).length();
      return start;
    }
  }

  @Override
  public String opening() {
    if (!request.echo() || logprobs) {
      return "";
    }
    StringBuilder events = new StringBuilder();
    for (int choice = 0; choice < positions.length; choice++) {
      events.append(chunk(choice, echo(choice), List.of(), List.of(), null));
    }
    return events.toString();
  }

  @Override
  public String prompt(int choice, List<ScoredToken> tokens) {
    return request.echo() ? chunk(choice, echo(choice), tokens, List.of(), null) : "";
  }

  @Override
  public String delta(int choice, AnswerPart part, List<ScoredToken> tokens) {
    if (!(part instanceof AnswerPart.Text(String text))) {
      throw new IllegalStateException("a text completion has nothing but text: " + part);
    }
    return text.isEmpty() && (tokens.isEmpty() || !logprobs)
        ? ""
        : chunk(choice, text, List.of(), tokens, null);
  }

  @Override
  public String choiceEnd(int choice, FinishReason reason) {
    return chunk(choice, "", List.of(), List.of(), reason);
  }

  private String chunk(
      int choice,
      String text,
      List<ScoredToken> prompt,
      List<ScoredToken> tokens,
      @Nullable FinishReason reason) {
    return JsonText.event(
        json -> {
          head.writeTo(json, "text_completion");
          json.writeArrayFieldStart("choices");
          writeChoice(json, choice, text, prompt, tokens, reason);
          json.writeEndArray();
          if (request.includeUsage()) {
            json.writeNullField("usage");
          }
        });
  }

  @Override
  public String usage(Usage usage) {
    if (!request.includeUsage()) {
      return "";
    }
    return JsonText.event(
        json -> {
          head.writeTo(json, "text_completion");
          json.writeArrayFieldStart("choices");
          json.writeEndArray();
          AnswerHead.writeUsage(json, usage);
        });
  }

  @Override
  public String whole(List<FinishedChoice> choices, Usage usage) {
    return JsonText.object(
        json -> {
          head.writeTo(json, "text_completion");
          json.writeArrayFieldStart("choices");
          for (int index = 0; index < choices.size(); index++) {
            FinishedChoice choice = choices.get(index);
            String text = request.echo() ? echo(index) + choice.text() : choice.text();
            writeChoice(json, index, text, choice.prompt(), choice.tokens(), choice.reason());
          }
          json.writeEndArray();
          AnswerHead.writeUsage(json, usage);
        });
  }

  /** The prompt of a choice as text. */
  private String echo(int choice) {
    return switch (request.call().prompts().get(choice / request.call().choicesPerPrompt())) {
      case Prompt.Text(String text) -> text;
      case Prompt.Tokens(List<Integer> ids) ->
          tokenizer.decode(ids.stream().mapToInt(Integer::intValue).toArray());
      case Prompt.Chat chat -> throw new IllegalStateException("a chat has no text to echo");
    };
  }

  private void writeChoice(
      JsonGenerator json,
      int index,
      String text,
      List<ScoredToken> prompt,
      List<ScoredToken> tokens,
      @Nullable FinishReason reason)
      throws IOException {
    json.writeStartObject();
    json.writeNumberField("index", index);
    json.writeStringField("text", text);
    if (logprobs && !(prompt.isEmpty() && tokens.isEmpty())) {
      writeLogprobs(json, index, prompt, tokens);
    } else {
      json.writeNullField("logprobs");
    }
    AnswerHead.writeReason(json, reason);
    json.writeEndObject();
  }

  private void writeLogprobs(
      JsonGenerator json, int choice, List<ScoredToken> prompt, List<ScoredToken> tokens)
      throws IOException {
    List<ScoredToken> all = new ArrayList<>(prompt);
    all.addAll(tokens);
    json.writeObjectFieldStart("logprobs");
    json.writeArrayFieldStart("tokens");
    for (ScoredToken token : all) {
      json.writeString(names.inText(token.id()));
    }
    json.writeEndArray();
    json.writeArrayFieldStart("token_logprobs");
    for (ScoredToken token : all) {
      if (token.logprobs() == null) {
        json.writeNull();
      } else {
        json.writeNumber(finite(token.logprobs().logprob()));
      }
    }
    json.writeEndArray();
    json.writeArrayFieldStart("top_logprobs");
    for (ScoredToken token : all) {
      writeTop(json, token.logprobs());
    }
    json.writeEndArray();
    json.writeArrayFieldStart("text_offset");
    for (int offset : offsets(choice, prompt, tokens)) {
      json.writeNumber(offset);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  /** The likeliest tokens, and the chosen one where it is not among them. */
  private void writeTop(JsonGenerator json, @Nullable TokenLogprobs scores) throws IOException {
    if (scores == null) {
      json.writeNull();
      return;
    }
    Map<String, Float> top = new LinkedHashMap<>();
    for (int i = 0; i < scores.topTokens().length; i++) {
      top.putIfAbsent(names.inText(scores.topTokens()[i]), scores.topLogprobs()[i]);
    }
    top.putIfAbsent(names.inText(scores.token()), scores.logprob());
    json.writeStartObject();
    for (Map.Entry<String, Float> entry : top.entrySet()) {
      json.writeNumberField(entry.getKey(), finite(entry.getValue()));
    }
    json.writeEndObject();
  }

  /** Where each token begins in the text shown, in characters; goes on from chunk to chunk. */
  private int[] offsets(int choice, List<ScoredToken> prompt, List<ScoredToken> tokens) {
    int[] offsets = new int[prompt.size() + tokens.size()];
    int count = 0;
    if (!prompt.isEmpty()) {
      var position = new TextPosition(tokenizer.detokenizer(true, false), 0);
      for (ScoredToken token : prompt) {
        offsets[count++] = position.passed(token.id());
      }
    }
    if (positions[choice] == null) {
      int from = request.echo() ? echo(choice).length() : 0;
      positions[choice] = new TextPosition(tokenizer.detokenizer(false, false), from);
    }
    for (ScoredToken token : tokens) {
      offsets[count++] = positions[choice].passed(token.id());
    }
    return offsets;
  }

  static float finite(float logprob) {
    return Math.max(logprob, LEAST_LOGPROB);
  }
}
